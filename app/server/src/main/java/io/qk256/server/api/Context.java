package io.qk256.server.api;

import io.qk256.server.http.ApiException;

/** What fits in the context. */
final class Context {

    /** A shortened prompt leaves room for an answer: this part of the context, unless the request says how long it is. */
    private static final int ROOM_PART = 4;

    private Context() {}

    /**
     * The most tokens that a shortened prompt may have.
     *
     * @param context the size of the context
     * @param maxTokens the most tokens of the answer
     */
    static int room(int context, int maxTokens) {
        return Math.max(1, context - Math.min(maxTokens, context / ROOM_PART));
    }

    /** @throws ApiException if the prompt does not fit */
    static void require(String field, int tokens, int context) {
        String remedy = "shorten it, or send \"truncation\": \"auto\" to drop the oldest part";
        require(field, tokens, "", context, remedy);
    }

    /** @throws ApiException if a conversation does not fit even without all that may be dropped */
    static void requireShortened(String field, int tokens, int dropped, int context) {
        String remedy = "shorten the last message, what the system says, or the tools; they are never dropped";
        require(field, tokens, dropped == 0 ? "" : " without the oldest messages", context, remedy);
    }

    private static void require(String field, int tokens, String which, int context, String remedy) {
        if (tokens > context) {
            throw ApiException.invalid(
                    field,
                    "context_length_exceeded",
                    field + " has " + tokens + " tokens" + which + ", expected at most " + context + ", the context; "
                            + remedy);
        }
    }
}
