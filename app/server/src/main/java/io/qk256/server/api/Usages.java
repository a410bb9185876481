package io.qk256.server.api;

import com.google.gson.JsonObject;
import io.qk256.llm.serving.Usage;

/** What a request has used. Not thread-safe. */
final class Usages {

    private final int choicesPerPrompt;
    private long prompt;
    private long reused;
    private long completion;
    private long forgotten;

    /** @param choicesPerPrompt a prompt counts once, however many completions it has */
    Usages(int choicesPerPrompt) {
        this.choicesPerPrompt = choicesPerPrompt;
    }

    void add(int choice, Usage usage) {
        if (choice % choicesPerPrompt == 0) {
            prompt += usage.promptTokens();
            reused += usage.reusedTokens();
        }
        completion += usage.completionTokens();
        forgotten += usage.forgottenTokens();
    }

    long forgotten() {
        return forgotten;
    }

    JsonObject json() {
        JsonObject json = ofPrompts(prompt);
        json.addProperty("completion_tokens", completion);
        json.addProperty("total_tokens", prompt + completion);
        JsonObject details = new JsonObject();
        details.addProperty("cached_tokens", reused);
        json.add("prompt_tokens_details", details);
        return json;
    }

    /** Of a request that only reads. */
    static JsonObject ofPrompts(long tokens) {
        JsonObject json = new JsonObject();
        json.addProperty("prompt_tokens", tokens);
        json.addProperty("total_tokens", tokens);
        return json;
    }
}
