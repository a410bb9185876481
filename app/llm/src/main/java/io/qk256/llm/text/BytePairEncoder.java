package io.qk256.llm.text;

/** Byte-level BPE: splits text, then merges the bytes of each piece pair by pair, in the order of the merges' ranks. */
final class BytePairEncoder implements TextEncoder {

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final PreTokenizer split;
    private final int[] byteTokens = new int[256];

    BytePairEncoder(Vocabulary vocabulary, MergeTable merges, PreTokenizer split) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.split = split;
        for (int b = 0; b < byteTokens.length; b++) {
            byteTokens[b] = vocabulary.findPlain(new byte[] {(byte) b}, 0, 1);
        }
    }

    @Override
    public void encode(String text, TokenList out) {
        Merger merger = new BytePairMerger(byteTokens, merges);
        Utf8Piece piece = new Utf8Piece();
        split.splitter().split(text, 0, text.length(), (from, to) -> {
            piece.set(text, from, to);
            int whole =
                    split.takesWholePieces() ? vocabulary.findPlain(piece.bytes(), 0, piece.length()) : Vocabulary.NONE;
            if (whole == Vocabulary.NONE) {
                merger.encode(piece.bytes(), piece.length(), out);
            } else {
                out.add(whole);
            }
        });
    }

    @Override
    public boolean beginsWithSpace() {
        return false;
    }
}
