package io.qk256.llm.text;

import java.util.Arrays;

/** Tokens that are being collected. Not thread-safe. */
final class TokenList {

    private int[] tokens = new int[64];
    private int size;

    void add(int token) {
        if (size == tokens.length) {
            tokens = Arrays.copyOf(tokens, size + (size >> 1));
        }
        tokens[size++] = token;
    }

    int[] toArray() {
        return Arrays.copyOf(tokens, size);
    }
}
