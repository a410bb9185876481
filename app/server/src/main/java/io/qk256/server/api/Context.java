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
        if (tokens > context) {
            throw ApiException.invalid(
                    field,
                    "context_length_exceeded",
                    field + " has " + tokens + " tokens, expected at most " + context
                            + ", the context; shorten it, or send \"truncation\": \"auto\" to drop the oldest part");
        }
    }
}
