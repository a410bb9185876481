package io.qk256.llm.text;

import java.util.Arrays;

/**
 * The merges of adjacent tokens, with their results and ranks; the lowest rank merges first. Thread-safe once filled.
 */
final class MergeTable {

    /** No merge. Every merge is a number of 0 or more: its rank times 2^32, plus the resulting token. */
    static final long NONE = -1;

    private static final long SEED = System.nanoTime();

    /** Open addressing, keyed by left token times 2^32 plus right token; {@link #NONE} if free. */
    private long[] pairs;

    private long[] merges;
    private int size;

    /** @param expected the number of merges to make room for initially */
    MergeTable(int expected) {
        allocate(Integer.highestOneBit(Math.max(1, expected)) * 2);
    }

    /**
     * Builds the table of a vocabulary whose ids are ranks: two tokens merge if their concatenated bytes are a token,
     * lowest id first (openai/tiktoken, {@code byte_pair_merge}).
     */
    static MergeTable byId(Vocabulary vocabulary) {
        MergeTable table = new MergeTable(vocabulary.size());
        for (int id = 0; id < vocabulary.size(); id++) {
            byte[] token = vocabulary.bytes(id);
            for (int i = 1; vocabulary.type(id).isPlain() && i < token.length; i++) {
                int left = vocabulary.findPlain(token, 0, i);
                int right = vocabulary.findPlain(token, i, token.length);
                if (left != Vocabulary.NONE && right != Vocabulary.NONE) {
                    table.add(left, right, id, id);
                }
            }
        }
        return table;
    }

    /** Adds a merge. Returns false, and adds nothing, if the pair already has one. */
    boolean add(int left, int right, int rank, int result) {
        if (size >= pairs.length / 3 * 2) {
            grow();
        }
        long pair = pair(left, right);
        int slot = slot(pair);
        if (pairs[slot] != NONE) {
            return false;
        }
        put(slot, pair, ((long) rank << 32) | result);
        return true;
    }

    /** Returns the merge of a pair, or {@link #NONE}. */
    long find(int left, int right) {
        int slot = slot(pair(left, right));
        return pairs[slot] == NONE ? NONE : merges[slot];
    }

    /** The token that a merge results in. */
    static int result(long merge) {
        return (int) merge;
    }

    private static long pair(int left, int right) {
        return ((long) left << 32) | right;
    }

    private int slot(long pair) {
        int mask = pairs.length - 1;
        int slot = hash(pair) & mask;
        while (pairs[slot] != pair && pairs[slot] != NONE) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private static int hash(long pair) {
        long h = (pair ^ SEED) * 0x9E3779B97F4A7C15L;
        h = (h ^ (h >>> 32)) * 0xBF58476D1CE4E5B9L;
        return (int) (h >>> 32);
    }

    private void put(int slot, long pair, long merge) {
        pairs[slot] = pair;
        merges[slot] = merge;
        size++;
    }

    private void grow() {
        long[] oldPairs = pairs;
        long[] oldMerges = merges;
        allocate(oldPairs.length * 2);
        for (int i = 0; i < oldPairs.length; i++) {
            if (oldPairs[i] != NONE) {
                put(slot(oldPairs[i]), oldPairs[i], oldMerges[i]);
            }
        }
    }

    private void allocate(int capacity) {
        pairs = new long[capacity];
        merges = new long[capacity];
        Arrays.fill(pairs, NONE);
        size = 0;
    }
}
