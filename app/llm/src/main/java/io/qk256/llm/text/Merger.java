package io.qk256.llm.text;

/**
 * Merges the symbols of one piece of text after another into tokens: repeatedly merges the adjacent pair with the
 * lowest rank, leftmost first, until no pair merges (Sennrich et al. 2016). O(n log n) for n bytes. Not thread-safe:
 * holds the state of a piece.
 *
 * <p>A symbol is named by the index of its first byte. Symbols are at first what {@link #symbolLength} says.
 */
abstract class Merger {

    /** The rank of a pair that does not merge. */
    private static final int NEVER = Integer.MAX_VALUE;

    private byte[] piece = new byte[0];
    private int length;

    /** The token of a symbol, or {@link Vocabulary#NONE}. */
    private int[] tokens = new int[0];

    private int[] next = tokens;
    private int[] previous = tokens;

    /** For each symbol, the rank at which it would merge with the next one, and the token that this would give. */
    private int[] ranks = tokens;

    private int[] merged = tokens;

    /** Merges that were possible when found, now perhaps stale: the rank times 2^32, plus the left symbol. */
    private final LongHeap candidates = new LongHeap();

    private long steps;

    /** The number of bytes of the symbol that begins here. */
    abstract int symbolLength(byte[] bytes, int at);

    /** The token that a symbol is before anything is merged, or {@link Vocabulary#NONE}. */
    abstract int symbolToken(byte[] bytes, int from, int to);

    /**
     * The merge of two symbols, which together are the bytes {@code [from, to)}, as in {@link MergeTable}: the rank, less
     * than {@code Integer.MAX_VALUE}, times 2^32, plus the token; or {@link MergeTable#NONE}.
     */
    abstract long find(byte[] bytes, int from, int to, int leftToken, int rightToken);

    /** Writes the tokens of a symbol that is not a token itself. */
    abstract void addUnknown(byte[] bytes, int from, int to, TokenList out);

    /**
     * Writes the tokens of a piece.
     *
     * @param bytes the piece, and perhaps more
     */
    final void encode(byte[] bytes, int pieceLength, TokenList out) {
        begin(bytes, pieceLength);
        while (!candidates.isEmpty()) {
            long candidate = candidates.poll();
            int left = (int) candidate;
            steps++;
            if (ranks[left] == (int) (candidate >> Integer.SIZE)) {
                merge(left);
            }
        }
        for (int i = 0; i < length; i = next[i]) {
            if (tokens[i] == Vocabulary.NONE) {
                addUnknown(piece, i, next[i], out);
            } else {
                out.add(tokens[i]);
            }
        }
    }

    /** How many symbols and candidates have been handled so far, in all pieces. */
    final long steps() {
        return steps;
    }

    private void begin(byte[] bytes, int pieceLength) {
        piece = bytes;
        length = pieceLength;
        if (tokens.length < length) {
            int capacity = Math.max(64, length);
            tokens = new int[capacity];
            next = new int[capacity];
            previous = new int[capacity];
            ranks = new int[capacity];
            merged = new int[capacity];
        }
        int before = -1;
        for (int i = 0; i < length; i = next[i]) {
            next[i] = Math.min(length, i + symbolLength(piece, i));
            previous[i] = before;
            tokens[i] = symbolToken(piece, i, next[i]);
            before = i;
            steps++;
        }
        for (int i = 0; i < length; i = next[i]) {
            propose(i);
        }
    }

    private void merge(int left) {
        int right = next[left];
        int end = next[right];
        tokens[left] = merged[left];
        next[left] = end;
        ranks[right] = NEVER;
        if (end < length) {
            previous[end] = left;
        }
        propose(left);
        if (previous[left] >= 0) {
            propose(previous[left]);
        }
    }

    private void propose(int left) {
        int right = next[left];
        ranks[left] = NEVER;
        if (right < length) {
            long merge = find(piece, left, next[right], tokens[left], tokens[right]);
            if (merge != MergeTable.NONE) {
                ranks[left] = (int) (merge >> Integer.SIZE);
                merged[left] = MergeTable.result(merge);
                candidates.add((merge & 0xFFFF_FFFF_0000_0000L) | left);
            }
        }
    }
}
