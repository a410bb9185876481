package io.qk256.llm.text;

/** Merges bytes by a list of pairs. */
final class BytePairMerger extends Merger {

    private final int[] byteTokens;
    private final MergeTable merges;

    /** @param byteTokens the token of each byte, {@link Vocabulary#NONE} for a byte that is left out */
    BytePairMerger(int[] byteTokens, MergeTable merges) {
        this.byteTokens = byteTokens;
        this.merges = merges;
    }

    @Override
    int symbolLength(byte[] bytes, int at) {
        return 1;
    }

    @Override
    int symbolToken(byte[] bytes, int from, int to) {
        return byteTokens[Byte.toUnsignedInt(bytes[from])];
    }

    @Override
    long find(byte[] bytes, int from, int to, int leftToken, int rightToken) {
        return leftToken == Vocabulary.NONE || rightToken == Vocabulary.NONE
                ? MergeTable.NONE
                : merges.find(leftToken, rightToken);
    }

    @Override
    void addUnknown(byte[] bytes, int from, int to, TokenList out) {
        // There is nothing to write.
    }
}
