package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SentencePiece BPE on a vocabulary that can be read as a whole. */
class SentencePieceTest {

    private static final int UNKNOWN = 0;
    private static final int BEGIN = 1;
    private static final int END = 2;
    private static final int FIRST_BYTE = 3;

    /** Ids from {@link #FIRST}, the earlier the higher the score. */
    private static final List<String> PIECES = List.of(
            "\u2581t",
            "he",
            "\u2581a",
            "ll",
            "\u2581the",
            "\u2581\u2581",
            "lo",
            "\u2581",
            "a",
            "e",
            "h",
            "l",
            "o",
            "t",
            "\u00e9",
            "hel",
            "\u4e00\u4e01",
            "aa",
            "aaa");

    private static final int FIRST = FIRST_BYTE + 256;

    private final MetadataFile file = file();

    @ParameterizedTest
    @CsvSource(delimiter = '#', quoteCharacter = '`', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            `the` # _the
            `hello` # _ he ll o
            `the hello` # _the _ he ll o
            `` #
            ` ` # __
            `  the` # __ _the
            `   ` # __ __
            `a  a` # _a _ _a
            `lo` # _ lo
            `helo` # _ he lo
            `\u00e9` # _ \u00e9
            `_t` # _ _t
            `tt` # _t t
            `aaaaa` # _a aa aa
            """)
    void mergesTheHighestScoreFirst(String text, String pieces) {
        String written = text.replace('_', '\u2581');
        List<Integer> expected = new ArrayList<>();
        for (String piece : pieces == null ? new String[0] : pieces.split(" ")) {
            expected.add(id(piece.replace('_', '\u2581')));
        }
        Tokenizer tokenizer = Tokenizers.of(file);
        assertThat(tokenizer.encode(written, false, false))
                .isEqualTo(expected.stream().mapToInt(i -> i).toArray());
        assertThat(tokenizer.decode(tokenizer.encode(written, true, false))).isEqualTo(text.replace('_', ' '));
    }

    @Test
    void writesBytesForWhatTheVocabularyLacks() {
        Tokenizer tokenizer = Tokenizers.of(file.with("tokenizer.ggml.add_space_prefix", false));
        assertThat(tokenizer.encode("h\u4e00", false, false))
                .containsExactly(id("h"), FIRST_BYTE + 0xE4, FIRST_BYTE + 0xB8, FIRST_BYTE + 0x80);
        assertThat(tokenizer.encode("\ud83d\ude00", false, false))
                .containsExactly(FIRST_BYTE + 0xF0, FIRST_BYTE + 0x9F, FIRST_BYTE + 0x98, FIRST_BYTE + 0x80);
        assertThat(tokenizer.decode(tokenizer.encode("h\u4e00\ud83d\ude00\0", false, false)))
                .isEqualTo("h\u4e00\ud83d\ude00\0");
        assertThat(tokenizer.decode(FIRST_BYTE + 0xE4)).isEqualTo("\ufffd");
    }

    /** As in SentencePiece, which merges characters, be they pieces or not. */
    @Test
    void mergesCharactersThatAreNoPieces() {
        Tokenizer tokenizer = Tokenizers.of(file.with("tokenizer.ggml.add_space_prefix", false));
        assertThat(tokenizer.encode("\u4e00\u4e01", false, false)).containsExactly(id("\u4e00\u4e01"));
    }

    @Test
    void aNameOfAByteInATextIsText() {
        Tokenizer tokenizer = Tokenizers.of(file);
        assertThat(tokenizer.encode("<0x41>", false, true))
                .doesNotContain(FIRST_BYTE + 0x41)
                .contains(FIRST_BYTE + '<', FIRST_BYTE + '4');
        assertThat(tokenizer.decode(tokenizer.encode("<0x41>", false, true))).isEqualTo("<0x41>");
    }

    @Test
    void marksAreCutOutAndEveryTextBetweenThemBeginsWithASpace() {
        Tokenizer tokenizer = Tokenizers.of(file);
        assertThat(tokenizer.encode("the</s>the", true, true))
                .containsExactly(BEGIN, id("\u2581the"), END, id("\u2581the"));
        assertThat(tokenizer.encode("the</s>", false, false)).doesNotContain(END);
        assertThat(tokenizer.encode("</s>", false, true)).containsExactly(END);
        assertThat(tokenizer.encode("<unk>", false, true)).containsExactly(UNKNOWN);
        assertThat(tokenizer.decode(BEGIN, id("\u2581the"), END)).isEqualTo("the");
        assertThat(tokenizer.isStop(END)).isTrue();
    }

    /** What the model adds to a text keeps its space; a whole text has none. */
    @Test
    void aContinuationKeepsItsSpace() {
        Tokenizer tokenizer = Tokenizers.of(file);
        StreamDecoder decoder = new StreamDecoder(tokenizer);
        assertThat(decoder.accept(id("\u2581the"))).isEqualTo(" the");
        assertThat(decoder.accept(FIRST_BYTE + 0xC3) + decoder.accept(FIRST_BYTE + 0xA9))
                .isEqualTo("\u00e9");
        assertThat(tokenizer.decode(id("\u2581the"), id("\u2581the"))).isEqualTo("the the");
    }

    /** They are found as they are written, even if they are made of spaces, and the longest first. */
    @Test
    void definedTextIsFoundFirst() {
        MetadataFile defined =
                with(TokenType.USER_DEFINED, "   ", "      ", "he l").with("tokenizer.ggml.add_space_prefix", false);
        int first = FIRST + PIECES.size();
        Tokenizer tokenizer = Tokenizers.of(defined);
        assertThat(tokenizer.encode("         ", false, false)).containsExactly(first + 1, first);
        assertThat(tokenizer.encode("the lo", false, false)).containsExactly(id("t"), first + 2, id("o"));
        assertThat(tokenizer.decode(tokenizer.encode("the       lo", false, false)))
                .isEqualTo("the       lo");
    }

    @Test
    void otherTypesAreNeverMerged() {
        for (TokenType type : List.of(TokenType.CONTROL, TokenType.UNKNOWN, TokenType.UNUSED)) {
            int last = FIRST + PIECES.size();
            assertThat(Tokenizers.of(with(type, "lll")).encode("lll", false, false))
                    .doesNotContain(last);
        }
    }

    /** A piece with a space inside keeps the text from being cut there. */
    @Test
    void mergesAcrossWordsIfAPieceDoes() {
        MetadataFile joined = with(TokenType.NORMAL, "o\u2581", "o\u2581t");
        int first = FIRST + PIECES.size();
        assertThat(Tokenizers.of(joined).encode("lo t lo a", false, false))
                .containsExactly(id("\u2581"), id("lo"), id("\u2581t"), id("\u2581"), id("lo"), id("\u2581a"));
        assertThat(Tokenizers.of(joined).encode("o o", false, false)).containsExactly(id("\u2581"), first, id("o"));
    }

    /** The definition: merge the best pair, start again. */
    @Test
    void mergesAsTheDefinitionDoes() {
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            List<String> pieces = new ArrayList<>(List.of("\u2581", "a", "b"));
            float[] scores = new float[40];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = random.nextInt(10) - 5;
            }
            while (pieces.size() < 30) {
                String piece = letters(random, 2 + random.nextInt(4)).replace(' ', '\u2581');
                if (!pieces.contains(piece)) {
                    pieces.add(piece);
                }
            }
            Tokenizer tokenizer = Tokenizers.of(file(pieces, scores));
            for (int i = 0; i < 20; i++) {
                String text = letters(random, random.nextInt(30));
                assertThat(tokenizer.encode(text, false, false))
                        .as("%s with %s", text, pieces)
                        .isEqualTo(byDefinition(pieces, scores, text));
            }
        }
    }

    private static int[] byDefinition(List<String> pieces, float[] scores, String text) {
        List<String> symbols = new ArrayList<>();
        (text.isEmpty() ? "" : " " + text)
                .replace(' ', '\u2581')
                .codePoints()
                .forEach(c -> symbols.add(Character.toString(c)));
        while (true) {
            int best = -1;
            float bestScore = 0;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int piece = pieces.indexOf(symbols.get(i) + symbols.get(i + 1));
                if (piece >= 0 && (best < 0 || scores[piece] > bestScore)) {
                    best = i;
                    bestScore = scores[piece];
                }
            }
            if (best < 0) {
                return symbols.stream()
                        .flatMapToInt(symbol -> pieces.contains(symbol)
                                ? IntStream.of(FIRST + pieces.indexOf(symbol))
                                : symbol.chars().map(c -> FIRST_BYTE + c))
                        .toArray();
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }

    private static String letters(Random random, int length) {
        return random.ints(length, 0, 4)
                .mapToObj(c -> c < 3 ? Character.toString("ab ".charAt(c)) : "c")
                .reduce("", String::concat);
    }

    @Test
    void encodesInSeveralThreads() {
        Tokenizer tokenizer = Tokenizers.of(file);
        Random random = new Random(4);
        List<String> texts = IntStream.range(0, 2_000)
                .mapToObj(i -> letters(random, random.nextInt(100)))
                .toList();
        List<int[]> alone =
                texts.stream().map(text -> tokenizer.encode(text, true, true)).toList();
        assertThat(texts.parallelStream()
                        .map(text -> tokenizer.encode(text, true, true))
                        .toList())
                .usingElementComparator(Arrays::compare)
                .isEqualTo(alone);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tokenizer.ggml.tokens",
                "tokenizer.ggml.scores",
                "tokenizer.ggml.eos_token_id",
                "tokenizer.ggml.bos_token_id"
            })
    void refusesAFileWithoutTheKey(String key) {
        assertRefused(file.without(key), "no key " + key);
    }

    @Test
    void refusesDamagedScores() {
        float[] scores = new float[FIRST + PIECES.size()];
        scores[7] = Float.NaN;
        assertRefused(file().with("tokenizer.ggml.scores", scores), "scores holds NaN at 7, expected numbers");
        assertRefused(
                file().with("tokenizer.ggml.scores", new float[5]),
                "tokenizer.ggml.scores has 5 elements, expected 278, as tokenizer.ggml.tokens has");
        assertRefused(file().with("tokenizer.ggml.scores", "x"), "expected array of f32");
    }

    @Test
    void takesInfiniteAndNegativeZeroScores() {
        float[] scores = new float[FIRST + PIECES.size()];
        scores[id("hel")] = -0f;
        scores[id("he")] = Float.POSITIVE_INFINITY;
        scores[id("aa")] = Float.NEGATIVE_INFINITY;
        Tokenizer tokenizer = Tokenizers.of(file.with("tokenizer.ggml.scores", scores));
        assertThat(tokenizer.encode("hello aa", false, false))
                .containsExactly(id("\u2581"), id("hel"), id("lo"), id("\u2581a"), id("a"));
    }

    @Test
    void refusesDamagedTokens() {
        List<String> tokens = tokens(PIECES);
        tokens.set(FIRST, "");
        assertRefused(file().with("tokenizer.ggml.tokens", tokens), "holds \"\" at 259, expected 1 to 1024 bytes");
        tokens.set(FIRST, "he");
        assertRefused(
                file().with("tokenizer.ggml.tokens", tokens), "duplicates: tokens 259 and 260 have the same text");
        tokens.set(FIRST, "</s>");
        assertRefused(file().with("tokenizer.ggml.tokens", tokens), "duplicates: tokens 2 and 259 have the same text");
        assertRefused(file().with("tokenizer.ggml.bos_token_id", 278), "bos_token_id is 278, expected 0 to 277");
    }

    @Test
    void refusesAVocabularyWithoutAllBytes() {
        List<String> tokens = tokens(PIECES);
        tokens.set(FIRST_BYTE + 0x41, "<0x40>");
        assertRefused(file().with("tokenizer.ggml.tokens", tokens), "tokens 67 and 68 have the same text");
        tokens.set(FIRST_BYTE + 0x41, "<0xG1>");
        assertRefused(
                file().with("tokenizer.ggml.tokens", tokens),
                "holds \"<0xG1>\" at 68, which has the type for bytes, expected a name from <0x00> to <0xFF>");
        tokens.set(FIRST_BYTE + 0x41, "(0x41)");
        assertRefused(file().with("tokenizer.ggml.tokens", tokens), "expected a name from <0x00> to <0xFF>");
        assertRefused(
                file().without("tokenizer.ggml.token_type"),
                "has no token <0x00> of the type for bytes, expected one for each of 256 bytes");
        assertRefused(
                file().with("tokenizer.ggml.eos_token_id", FIRST_BYTE), "has no token <0x00> of the type for bytes");
    }

    private static void assertRefused(MetadataFile metadata, String message) {
        assertThatThrownBy(() -> {
                    try (GgufFile opened = metadata.open()) {
                        Tokenizer.of(opened);
                    }
                })
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith("test.gguf: ")
                .hasMessageContaining(message);
    }

    private static int id(String piece) {
        return FIRST + PIECES.indexOf(piece);
    }

    static MetadataFile file() {
        float[] scores = new float[PIECES.size()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = -i;
        }
        return file(PIECES, scores);
    }

    /** @param pieceScores at least one for each piece */
    private static MetadataFile file(List<String> pieces, float[] pieceScores) {
        List<String> tokens = tokens(pieces);
        int[] types = new int[tokens.size()];
        Arrays.fill(types, TokenType.NORMAL.id());
        Arrays.fill(types, FIRST_BYTE, FIRST, TokenType.BYTE.id());
        Arrays.fill(types, BEGIN, FIRST_BYTE, TokenType.CONTROL.id());
        types[UNKNOWN] = TokenType.UNKNOWN.id();
        float[] scores = new float[tokens.size()];
        System.arraycopy(pieceScores, 0, scores, FIRST, pieces.size());
        return new MetadataFile()
                .with("tokenizer.ggml.model", "llama")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.scores", scores)
                .with("tokenizer.ggml.token_type", types)
                .with("tokenizer.ggml.bos_token_id", BEGIN)
                .with("tokenizer.ggml.eos_token_id", END);
    }

    private static List<String> tokens(List<String> pieces) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < 256; b++) {
            tokens.add(String.format("<0x%02X>", b));
        }
        tokens.addAll(pieces);
        return tokens;
    }

    /** The same with more tokens, whose scores are lower and lower. */
    private static MetadataFile with(TokenType type, String... more) {
        List<String> pieces = new ArrayList<>(PIECES);
        pieces.addAll(List.of(more));
        float[] scores = new float[pieces.size()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = -i;
        }
        MetadataFile all = file(pieces, scores);
        int[] types = new int[FIRST + pieces.size()];
        Arrays.fill(types, TokenType.NORMAL.id());
        Arrays.fill(types, FIRST_BYTE, FIRST, TokenType.BYTE.id());
        Arrays.fill(types, BEGIN, FIRST_BYTE, TokenType.CONTROL.id());
        types[UNKNOWN] = TokenType.UNKNOWN.id();
        Arrays.fill(types, FIRST + PIECES.size(), types.length, type.id());
        return all.with("tokenizer.ggml.token_type", types);
    }
}
