package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Text without a blank is one piece, however long. Counts what {@link Merger} does for it, not time: every step costs at
 * most the logarithm of the length, and a look at no more characters than the longest token has.
 */
class LinearWorkTest {

    /** Fewer steps for each byte than this, whatever the length. */
    private static final int MOST = 5;

    private static final String RANDOM = "random letters";

    @ParameterizedTest
    @ValueSource(strings = {"a", "the", "ing", "\u4e00", RANDOM})
    void bytePairsTakeLinearWork(String unit) {
        Vocabulary vocabulary = vocabulary("th", "he", "the", "in", "ng", "ing", "aa", "aaaa", "ab", "ba", "er", "st");
        int[] byteTokens = IntStream.range(0, 256)
                .map(b -> vocabulary.findPlain(new byte[] {(byte) b}, 0, 1))
                .toArray();
        requireLinearWork(unit, () -> new BytePairMerger(byteTokens, MergeTable.byId(vocabulary)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "the", "ing", "\u4e00", RANDOM})
    void sentencePiecesTakeLinearWork(String unit) {
        Vocabulary vocabulary = vocabulary("th", "he", "the", "in", "ng", "ing", "aa", "aaaa", "ab", "ba", "er", "st");
        int[] ranks = IntStream.range(0, vocabulary.size()).toArray();
        requireLinearWork(unit, () -> new SentencePieceMerger(vocabulary, ranks, new int[256]));
    }

    private static void requireLinearWork(String unit, Supplier<Merger> mergers) {
        for (int length : new int[] {1 << 10, 1 << 16, unit.equals(RANDOM) ? 10 << 20 : 1 << 20}) {
            byte[] text = unit.equals(RANDOM) ? letters(length) : repeated(unit, length);
            Merger merger = mergers.get();
            merger.encode(text, text.length, new TokenList());
            assertThat(merger.steps()).as("%d bytes of %s", length, unit).isBetween(length / 4L, (long) MOST * length);
        }
    }

    private static byte[] repeated(String unit, int length) {
        byte[] bytes = unit.getBytes(StandardCharsets.UTF_8);
        byte[] text = new byte[length / bytes.length * bytes.length];
        for (int i = 0; i < text.length; i++) {
            text[i] = bytes[i % bytes.length];
        }
        return text;
    }

    private static byte[] letters(int length) {
        byte[] text = new byte[length];
        Random random = new Random(7);
        for (int i = 0; i < length; i++) {
            text[i] = (byte) ('a' + random.nextInt(26));
        }
        return text;
    }

    /** All bytes, and these. */
    private static Vocabulary vocabulary(String... words) {
        byte[][] tokens = new byte[256 + words.length][];
        TokenType[] types = new TokenType[tokens.length];
        for (int id = 0; id < tokens.length; id++) {
            tokens[id] = id < 256 ? new byte[] {(byte) id} : words[id - 256].getBytes(StandardCharsets.UTF_8);
            types[id] = TokenType.NORMAL;
        }
        return new Vocabulary(tokens, types);
    }
}
