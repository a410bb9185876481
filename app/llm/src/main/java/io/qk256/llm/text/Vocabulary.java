package io.qk256.llm.text;

import java.util.Arrays;
import java.util.OptionalInt;

/** All tokens with their bytes, by id, and the lookup of plain ones by their bytes. Immutable and thread-safe. */
final class Vocabulary {

    static final int NONE = -1;

    /** Unpredictable, so that nobody can craft a file whose tokens all collide. */
    private static final long SEED = System.nanoTime();

    private static final long UPPER_HALF = 0xFFFF_FFFF_0000_0000L;

    private final byte[][] tokens;
    private final TokenType[] types;

    /**
     * Open addressing: the upper half of a plain token's hash, which tells most others apart without a look at them,
     * and its id; or {@link #NONE}. At most half of the slots are used.
     */
    private final long[] slots;

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
        this.slots = new long[Integer.highestOneBit(Math.max(1, tokens.length)) * 4];
        Arrays.fill(slots, NONE);
        for (int id = 0; id < tokens.length; id++) {
            if (!types[id].isPlain()) {
                continue;
            }
            maxPlain = Math.max(maxPlain, tokens[id].length);
            long hash = hash(tokens[id], 0, tokens[id].length);
            int slot = slot(hash, tokens[id], 0, tokens[id].length);
            if (slots[slot] != NONE) {
                throw new IllegalArgumentException(
                        "tokens " + (int) slots[slot] + " and " + id + " have the same text");
            }
            slots[slot] = (hash & UPPER_HALF) | id;
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
        return to - from > maxPlain ? NONE : (int) slots[slot(hash(data, from, to), data, from, to)];
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
    private int slot(long hash, byte[] data, int from, int to) {
        int mask = slots.length - 1;
        int slot = (int) hash & mask;
        while (slots[slot] != NONE && !holds(slots[slot], hash, data, from, to)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private boolean holds(long slot, long hash, byte[] data, int from, int to) {
        if (((slot ^ hash) & UPPER_HALF) != 0) {
            return false;
        }
        byte[] token = tokens[(int) slot];
        return Arrays.equals(token, 0, token.length, data, from, to);
    }

    /** The upper bit is 0, so that no slot in use looks like a free one. */
    private static long hash(byte[] data, int from, int to) {
        long h = SEED;
        for (int i = from; i < to; i++) {
            h = (h ^ data[i]) * 0x9E3779B97F4A7C15L;
            h ^= h >>> 32;
        }
        return h & Long.MAX_VALUE;
    }
}
