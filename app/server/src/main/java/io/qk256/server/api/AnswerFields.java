package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.server.http.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What requests for completions have in common.
 *
 * @param sampling how tokens are chosen
 * @param choices the number of completions of a prompt
 * @param maxTokens the most tokens of each; empty for as many as there are
 * @param stop strings that end a completion
 * @param truncates whether what does not fit in the context is dropped instead of refused
 * @param stream whether the answer is sent piece by piece
 * @param streamsUsage whether a stream ends with the usage
 * @param user who asks, as the client says
 */
record AnswerFields(
        SamplingOptions sampling,
        int choices,
        OptionalInt maxTokens,
        List<String> stop,
        boolean truncates,
        boolean stream,
        boolean streamsUsage,
        String user) {

    /** The most completions of a request. */
    static final int MOST_CHOICES = 16;

    private static final int MOST_STOPS = 16;
    private static final int LONGEST_STOP = 1000;

    static AnswerFields read(Fields fields, Backend backend) {
        fields.text("model").ifPresent(name -> ModelsEndpoint.requireModel(name, backend.id()));
        boolean stream = fields.flag("stream");
        Optional<Fields> streaming = fields.object("stream_options");
        boolean streamsUsage =
                streaming.map(options -> options.flag("include_usage")).orElse(false);
        streaming.ifPresent(options -> {
            options.ignore("include_obfuscation");
            options.requireNoOthers();
        });
        fields.ignore(
                "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "store");
        return new AnswerFields(
                SamplingFields.read(fields, backend.model().tokenizer().vocabularySize()),
                fields.whole("n", 1, MOST_CHOICES).orElse(1),
                maxTokens(fields),
                stop(fields),
                fields.word("truncation", "auto", "disabled").orElse("disabled").equals("auto"),
                stream,
                streamsUsage,
                fields.text("user").orElse(""));
    }

    private static OptionalInt maxTokens(Fields fields) {
        OptionalInt now = fields.whole("max_completion_tokens", 1, Integer.MAX_VALUE);
        OptionalInt before = fields.whole("max_tokens", 1, Integer.MAX_VALUE);
        if (now.isPresent() && before.isPresent() && !now.equals(before)) {
            throw ApiException.invalid(
                    "max_tokens",
                    "invalid_value",
                    "max_tokens is " + before.getAsInt() + " and max_completion_tokens is " + now.getAsInt()
                            + ", expected one of them, or the same number");
        }
        return now.isPresent() ? now : before;
    }

    private static List<String> stop(Fields fields) {
        Optional<JsonElement> given = fields.any("stop");
        if (given.isEmpty()) {
            return List.of();
        }
        List<String> stop = new ArrayList<>();
        if (given.get() instanceof JsonArray array) {
            for (int i = 0; i < array.size(); i++) {
                stop.add(Fields.text(array.get(i), "stop[" + i + "]"));
            }
        } else {
            stop.add(Fields.text(given.get(), "stop"));
        }
        requireStops("stop has " + stop.size() + " strings", stop.size() <= MOST_STOPS);
        for (String each : stop) {
            boolean fits = !each.isEmpty() && each.length() <= LONGEST_STOP;
            requireStops("stop has a string of " + each.length() + " characters", fits);
        }
        return stop;
    }

    private static void requireStops(String seen, boolean isRight) {
        if (!isRight) {
            throw ApiException.invalid(
                    "stop",
                    "invalid_value",
                    seen + ", expected at most " + MOST_STOPS + " strings of 1 to " + LONGEST_STOP + " characters");
        }
    }

    /** The most tokens of a completion. */
    int limit() {
        return maxTokens.orElse(Integer.MAX_VALUE);
    }

    /** A request for each choice of a prompt. */
    List<CompletionRequest> requests(
            int[] prompt, int logprobs, Optional<JsonGrammar> grammar, Backend backend, String client) {
        List<CompletionRequest> requests = new ArrayList<>();
        for (int choice = 0; choice < choices; choice++) {
            requests.add(new CompletionRequest(
                    prompt,
                    limit(),
                    SamplingFields.of(sampling, choice),
                    stop,
                    logprobs,
                    grammar.map(JsonGrammar::constraint),
                    truncates ? WhenFull.FORGET_OLDEST : WhenFull.STOP,
                    backend.timeout(),
                    backend.timeout(),
                    client + '/' + user));
        }
        return requests;
    }
}
