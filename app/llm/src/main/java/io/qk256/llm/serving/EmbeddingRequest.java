package io.qk256.llm.serving;

import io.qk256.llm.model.Pooling;
import io.qk256.spi.support.UserError;
import java.time.Duration;
import java.util.List;

/**
 * Texts whose vectors are wanted.
 *
 * @param texts the tokens of each text, as {@link io.qk256.llm.LanguageModel#tokensToEmbed} returns them
 * @param pooling how the states of a text's tokens become one vector, not {@link Pooling#NONE}
 * @param timeout the most time from submission to the end; zero for no limit
 * @param key who asks, as in {@link CompletionRequest#key}
 */
public record EmbeddingRequest(List<int[]> texts, Pooling pooling, Duration timeout, String key) {

    /**
     * Keeps a copy of the list.
     *
     * @throws UserError if a text has no tokens, the pooling is {@link Pooling#NONE} or the time is negative
     */
    public EmbeddingRequest {
        texts = List.copyOf(texts);
        for (int i = 0; i < texts.size(); i++) {
            require(texts.get(i).length > 0, "text " + i + " has 0 tokens, expected 1 or more");
        }
        require(pooling != Pooling.NONE, "pooling: NONE, expected MEAN, FIRST or LAST");
        require(!timeout.isNegative(), "timeout is " + timeout + ", expected zero (no limit) or more");
    }

    /** Without a time limit and a key. */
    public static EmbeddingRequest of(List<int[]> texts, Pooling pooling) {
        return new EmbeddingRequest(texts, pooling, Duration.ZERO, "");
    }

    private static void require(boolean fits, String message) {
        if (!fits) {
            throw new UserError(message);
        }
    }
}
