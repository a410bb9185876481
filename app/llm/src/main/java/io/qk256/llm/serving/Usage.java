package io.qk256.llm.serving;

/**
 * The tokens of a request.
 *
 * @param promptTokens tokens of the prompt, also if the request ended before they were computed
 * @param reusedTokens those of them whose keys and values were taken from an earlier text instead of computed
 * @param completionTokens tokens that the model wrote, without the token that ended the text
 * @param forgottenTokens tokens that were forgotten because the context was full
 */
public record Usage(int promptTokens, int reusedTokens, int completionTokens, int forgottenTokens) {

    /** The tokens of the prompt and of the completion. */
    public int totalTokens() {
        return promptTokens + completionTokens;
    }
}
