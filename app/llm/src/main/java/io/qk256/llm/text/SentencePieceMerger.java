package io.qk256.llm.text;

/** Merges characters into any longer piece of the vocabulary, the one with the highest score first. */
final class SentencePieceMerger extends Merger {

    private final Vocabulary vocabulary;
    private final int[] ranks;
    private final int[] byteTokens;

    /**
     * @param ranks for each token, the lower the sooner
     * @param byteTokens the token of each byte, for characters that the vocabulary lacks
     */
    SentencePieceMerger(Vocabulary vocabulary, int[] ranks, int[] byteTokens) {
        this.vocabulary = vocabulary;
        this.ranks = ranks;
        this.byteTokens = byteTokens;
    }

    /** Bytes of the form 10xxxxxx continue a character. */
    @Override
    int symbolLength(byte[] bytes, int at) {
        int lead = Byte.toUnsignedInt(bytes[at]);
        return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    }

    /** Most characters become part of a longer piece, so {@link #addUnknown} looks for those that do not. */
    @Override
    int symbolToken(byte[] bytes, int from, int to) {
        return Vocabulary.NONE;
    }

    @Override
    long find(byte[] bytes, int from, int to, int leftToken, int rightToken) {
        int token = vocabulary.findPlain(bytes, from, to);
        return token == Vocabulary.NONE ? MergeTable.NONE : ((long) ranks[token] << Integer.SIZE) | token;
    }

    @Override
    void addUnknown(byte[] bytes, int from, int to, TokenList out) {
        int token = vocabulary.findPlain(bytes, from, to);
        if (token != Vocabulary.NONE) {
            out.add(token);
            return;
        }
        for (int i = from; i < to; i++) {
            out.add(byteTokens[Byte.toUnsignedInt(bytes[i])]);
        }
    }
}
