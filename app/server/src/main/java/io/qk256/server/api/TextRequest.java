package io.qk256.server.api;

import com.google.gson.JsonElement;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.text.Tokenizer;
import io.qk256.server.http.ApiException;
import java.util.List;

/**
 * A request to continue texts.
 *
 * @param prompts the tokens of each text
 * @param answer how to continue
 * @param logprobs as in {@link CompletionRequest#logprobs}
 */
record TextRequest(List<int[]> prompts, AnswerFields answer, int logprobs) {

    static TextRequest read(Fields fields, Backend backend) {
        AnswerFields answer = AnswerFields.read(fields, backend);
        JsonElement given = fields.any("prompt")
                .orElseThrow(() -> ApiException.invalid(
                        "prompt", "missing_parameter", "prompt is missing, expected a string, or an array of strings"));
        Tokenizer tokenizer = backend.model().tokenizer();
        int most = AnswerFields.MOST_CHOICES / answer.choices();
        List<int[]> prompts =
                new Texts(text -> encode(text, tokenizer), tokenizer.vocabularySize()).read(given, "prompt", most);
        int logprobs =
                fields.whole("logprobs", 0, CompletionRequest.MAX_LOGPROBS).orElse(CompletionRequest.NO_LOGPROBS);
        fields.requireUsual("echo", "an answer has only what is new", "false");
        fields.requireUsual("best_of", "all completions are in the answer", "1", String.valueOf(answer.choices()));
        fields.requireUsual("suffix", "texts are continued at their end", "\"\"");
        fields.requireNoOthers();
        return new TextRequest(prompts, answer, logprobs);
    }

    private static int[] encode(String text, Tokenizer tokenizer) {
        return tokenizer.encode(text, tokenizer.addsBeginOfText(), false);
    }
}
