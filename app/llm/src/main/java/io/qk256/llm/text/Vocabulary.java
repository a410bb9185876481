package io.qk256.llm.text;

import java.util.Arrays;
import java.util.OptionalInt;

/** All tokens with their bytes, by id, and the lookup of plain ones by their bytes. Immutable and thread-safe. */
final class Vocabulary {

    static final int NONE = -1;

    /** Unpredictable, so that nobody can craft a file whose tokens all collide. */
    private static final long SEED = System.nanoTime();

    private final byte[][] tokens;
    private final TokenType[] types;

    /** Open addressing: the id of a plain token, or {@link #NONE}. At most half of the slots are used. */
    private final int[] slots;

    /** The most bytes of a plain token. */
    private int maxPlain;

    /**
     * Keeps the arrays, which must have equal lengths and must not change afterwards.
     *
     * @throws IllegalArgumentException if two plain tokens have the same bytes
     */
    Vocabulary(byte[][] tokens, TokenType[] types) {
        this.tokens = tokens;
        this.types = types;
        this.slots = new int[Integer.highestOneBit(Math.max(1, tokens.length)) * 4];
        Arrays.fill(slots, NONE);
        for (int id = 0; id < tokens.length; id++) {
            if (!types[id].isPlain()) {
                continue;
            }
            maxPlain = Math.max(maxPlain, tokens[id].length);
            int slot = slot(tokens[id], 0, tokens[id].length);
            if (slots[slot] != NONE) {
                throw new IllegalArgumentException("tokens " + slots[slot] + " and " + id + " have the same text");
            }
            slots[slot] = id;
        }
    }

    /** The number of tokens. */
    int size() {
        return tokens.length;
    }

    /** The bytes of a token; do not modify them. */
    byte[] bytes(int id) {
        return tokens[id];
    }

    TokenType type(int id) {
        return types[id];
    }

    /** Returns the plain token with exactly these bytes, or {@link #NONE}. */
    int findPlain(byte[] data, int from, int to) {
        return to - from > maxPlain ? NONE : slots[slot(data, from, to)];
    }

    /** Returns the first byte without a plain token, if any; text with that byte could not be encoded. */
    OptionalInt missingByte() {
        for (int b = 0; b < 256; b++) {
            if (findPlain(new byte[] {(byte) b}, 0, 1) == NONE) {
                return OptionalInt.of(b);
            }
        }
        return OptionalInt.empty();
    }

    /** Returns the slot of these bytes, or the free slot where they belong. */
    private int slot(byte[] data, int from, int to) {
        int mask = slots.length - 1;
        int slot = hash(data, from, to) & mask;
        while (slots[slot] != NONE
                && !Arrays.equals(tokens[slots[slot]], 0, tokens[slots[slot]].length, data, from, to)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static int hash(byte[] data, int from, int to) {
        long h = SEED;
        for (int i = from; i < to; i++) {
            h = (h ^ data[i]) * 0x9E3779B97F4A7C15L;
            h ^= h >>> 32;
        }
        return (int) h;
    }
}
