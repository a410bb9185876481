package io.qk256.llm.text;

import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * Merges the bytes of one piece of text into tokens: repeatedly merges the adjacent pair with the lowest rank, leftmost
 * first, until no pair merges (Sennrich et al. 2016). O(n log n) for n bytes. Not thread-safe: holds the state of one
 * piece.
 */
final class BytePairMerger {

    private static final int GONE = -1;

    private final MergeTable merges;
    private final int[] tokens;
    private final int[] next;
    private final int[] previous;
    /**
     * Merges that were possible when found, now perhaps stale: rank times 2^32, plus the position of the left token.
     */
    private final PriorityQueue<Long> candidates = new PriorityQueue<>();

    private BytePairMerger(Vocabulary vocabulary, MergeTable merges, byte[] piece) {
        this.merges = merges;
        this.tokens = new int[piece.length];
        this.next = new int[piece.length];
        this.previous = new int[piece.length];
        for (int i = 0; i < piece.length; i++) {
            tokens[i] = vocabulary.findPlain(piece, i, i + 1);
            next[i] = i + 1;
            previous[i] = i - 1;
        }
    }

    /** @param vocabulary a vocabulary with a plain token for every byte */
    static void encode(Vocabulary vocabulary, MergeTable merges, byte[] piece, IntStream.Builder out) {
        BytePairMerger merger = new BytePairMerger(vocabulary, merges, piece);
        merger.run();
        for (int i = 0; i < piece.length; i = merger.next[i]) {
            out.add(merger.tokens[i]);
        }
    }

    private void run() {
        for (int i = 0; i < tokens.length; i++) {
            propose(i);
        }
        for (Long candidate = candidates.poll(); candidate != null; candidate = candidates.poll()) {
            int left = candidate.intValue();
            long merge = mergeAt(left);
            if (merge != MergeTable.NONE && rankAndPlace(merge, left) == candidate) {
                apply(left, merge);
            }
        }
    }

    private void apply(int left, long merge) {
        int right = next[left];
        tokens[left] = MergeTable.result(merge);
        tokens[right] = GONE;
        next[left] = next[right];
        if (next[left] < tokens.length) {
            previous[next[left]] = left;
        }
        propose(left);
        if (previous[left] >= 0) {
            propose(previous[left]);
        }
    }

    private void propose(int left) {
        long merge = mergeAt(left);
        if (merge != MergeTable.NONE) {
            candidates.add(rankAndPlace(merge, left));
        }
    }

    private long mergeAt(int left) {
        int right = next[left];
        if (tokens[left] == GONE || right >= tokens.length) {
            return MergeTable.NONE;
        }
        return merges.find(tokens[left], tokens[right]);
    }

    private static long rankAndPlace(long merge, int place) {
        return (merge & 0xFFFF_FFFF_0000_0000L) | place;
    }
}
