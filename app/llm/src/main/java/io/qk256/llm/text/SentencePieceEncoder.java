package io.qk256.llm.text;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/**
 * BPE as SentencePiece does it (google/sentencepiece, src/bpe_model.cc): the characters of the whole text are merged, a
 * space like any other, in the order of the pieces' scores. Characters that no piece covers become their bytes.
 *
 * <p>The vocabulary writes a space as U+2581; here it is a space in both, so U+2581 in a text reads as a space.
 */
final class SentencePieceEncoder implements TextEncoder {

    static final char SPACE_MARK = '\u2581';

    private final Vocabulary vocabulary;
    private final int[] ranks;
    private final int[] byteTokens;
    private final boolean beginsWithSpace;
    private final Splitter words;

    /**
     * Keeps the arrays, which must not change afterwards.
     *
     * @param ranks for each token, the lower the sooner
     * @param byteTokens the token of each byte
     */
    SentencePieceEncoder(Vocabulary vocabulary, int[] ranks, int[] byteTokens, boolean beginsWithSpace) {
        this.vocabulary = vocabulary;
        this.ranks = ranks;
        this.byteTokens = byteTokens;
        this.beginsWithSpace = beginsWithSpace;
        this.words = wordSplitter(vocabulary);
    }

    @Override
    public void encode(String text, TokenList out) {
        String spaced = (beginsWithSpace ? " " + text : text).replace(SPACE_MARK, ' ');
        Merger merger = new SentencePieceMerger(vocabulary, ranks, byteTokens);
        Utf8Piece piece = new Utf8Piece();
        words.split(spaced, 0, spaced.length(), (from, to) -> {
            piece.set(spaced, from, to);
            merger.encode(piece.bytes(), piece.length(), out);
        });
    }

    @Override
    public boolean beginsWithSpace() {
        return beginsWithSpace;
    }

    /**
     * Splits before the spaces that precede a word, where no merge can cross: that changes no token, and short pieces
     * are merged faster. No split after a character that some piece has before a space.
     */
    private static Splitter wordSplitter(Vocabulary vocabulary) {
        BitSet joined = beforeSpaces(vocabulary);
        return (text, from, to, out) -> {
            int start = from;
            for (int i = from + 1; i < to; i++) {
                if (text.charAt(i) == ' ' && !joined.get(Character.codePointBefore(text, i))) {
                    out.accept(start, i);
                    start = i;
                }
            }
            if (start < to) {
                out.accept(start, to);
            }
        };
    }

    private static BitSet beforeSpaces(Vocabulary vocabulary) {
        BitSet characters = new BitSet();
        characters.set(' ');
        for (int id = 0; id < vocabulary.size(); id++) {
            byte[] token = vocabulary.bytes(id);
            for (int i = 1; vocabulary.type(id).isPlain() && i < token.length; i++) {
                if (token[i] == ' ' && token[i - 1] != ' ') {
                    String before = new String(token, 0, i, StandardCharsets.UTF_8);
                    characters.set(before.codePointBefore(before.length()));
                }
            }
        }
        return characters;
    }
}
