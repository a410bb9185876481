package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.qk256.llm.serving.ChosenToken;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.TextPiece;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Continues texts. */
public final class CompletionsEndpoint implements Endpoint {

    private final Backend backend;

    /** Creates an endpoint of a model. */
    public CompletionsEndpoint(Backend backend) {
        this.backend = backend;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        TextRequest request = TextRequest.read(Fields.parse(exchange.body()), backend);
        AnswerFields answer = request.answer();
        List<CompletionRequest> requests = new ArrayList<>();
        int dropped = 0;
        for (int[] prompt : request.prompts()) {
            int[] fitting = fitting(prompt, answer);
            dropped += prompt.length - fitting.length;
            requests.addAll(answer.requests(fitting, request.logprobs(), Optional.empty(), backend, exchange.client()));
        }
        JsonObject extra = new JsonObject();
        if (answer.truncates()) {
            extra.addProperty("dropped_tokens", dropped);
        }
        boolean logprobs = request.logprobs() != CompletionRequest.NO_LOGPROBS;
        new Answering(exchange, backend).answer(requests, answer, new TextForm(backend, logprobs), extra);
    }

    /** The prompt, or its end if that is all that fits and the request allows it; what begins a text stays. */
    private int[] fitting(int[] prompt, AnswerFields answer) {
        int context = backend.scheduler().context();
        if (prompt.length <= context || !answer.truncates()) {
            Context.require("prompt", prompt.length, context);
            return prompt;
        }
        int[] end = Arrays.copyOfRange(prompt, prompt.length - Context.room(context, answer.limit()), prompt.length);
        end[0] = prompt[0];
        return end;
    }

    /** The form of answers: {@code text_completion}, also for parts of a stream. */
    private static final class TextForm implements Answering.Form {

        private final Envelope envelope;
        private final @Nullable Logprobs logprobs;

        TextForm(Backend backend, boolean logprobs) {
            this.envelope = new Envelope("cmpl-", backend.id());
            this.logprobs = logprobs ? new Logprobs(backend.model().tokenizer()) : null;
        }

        @Override
        public List<JsonObject> begin(int choice) {
            return List.of();
        }

        @Override
        public List<JsonObject> piece(int choice, TextPiece piece) {
            boolean visible = !piece.text().isEmpty() || logprobs != null;
            return visible ? List.of(choice(choice, piece.text(), piece.tokens(), JsonNull.INSTANCE)) : List.of();
        }

        @Override
        public List<JsonObject> end(int choice, CompletionEnd end) {
            return List.of(choice(choice, "", List.of(), Envelope.reason(end)));
        }

        private JsonObject choice(int choice, String text, List<ChosenToken> tokens, JsonElement reason) {
            JsonObject json = new JsonObject();
            json.addProperty("index", choice);
            json.addProperty("text", text);
            json.add("logprobs", logprobs == null || tokens.isEmpty() ? JsonNull.INSTANCE : logprobs.ofText(tokens));
            json.add("finish_reason", reason);
            return json;
        }

        @Override
        public JsonObject part(List<JsonObject> choices) {
            return envelope.json("text_completion", choices);
        }

        @Override
        public JsonObject whole(List<Answering.Collected> choices) {
            JsonArray all = new JsonArray();
            for (int i = 0; i < choices.size(); i++) {
                Answering.Collected choice = choices.get(i);
                all.add(choice(i, choice.text(), choice.tokens(), Envelope.reason(choice.end())));
            }
            return envelope.json("text_completion", all);
        }
    }
}
