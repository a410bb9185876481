package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random texts have the tokens that Hugging Face's library gives, with the families' own vocabularies. */
@EnabledIfSystemProperty(
        named = RecordedTokensTest.DIRECTORY,
        matches = ".+",
        disabledReason = "needs the vocabularies: run with -Ptokenizers")
class ReferenceTokenizerTest {

    private static final int TEXTS = 100_000;

    /** In normal form, it precedes all other marks. */
    private static final String LOWEST_MARK = "\u0334";

    /** Ranges of characters, from many scripts; the first ones are chosen most often. */
    private static final int[][] RANGES = {
        {' ', '~'},
        {'a', 'z'},
        {'0', '9'},
        {0xC0, 0x24F},
        {0x300, 0x36F},
        {0x370, 0x52F},
        {0x590, 0x6FF},
        {0x900, 0xDFF},
        {0xE00, 0xEFF},
        {0x1100, 0x11FF},
        {0x1E00, 0x1FFF},
        {0x2000, 0x206F},
        {0x2070, 0x218F},
        {0x2190, 0x257F},
        {0x3000, 0x30FF},
        {0x4E00, 0x9FFF},
        {0xAC00, 0xD7A3},
        {0xFB00, 0xFFEF},
        {0x1D400, 0x1D7FF},
        {0x1F300, 0x1FAFF},
        {1, 0xD7FF},
        {0xE000, 0x10FFFF}
    };

    private static final List<String> WORDS = List.of(
            " the",
            "The ",
            " ",
            "  ",
            "   ",
            "\n",
            "\n\n",
            "\r\n",
            "\t",
            "'s",
            "'LL",
            "\u2019t",
            "'\u017f",
            " don't",
            "2024",
            "1,000.50",
            " = ",
            "();\n",
            "    return x;",
            "https://example.org/a?b=c&d=%20",
            "<|im_end|>",
            "<|eot_id|>",
            "<|endoftext|>",
            "<think>",
            "</s>",
            "<s>",
            "<unk>",
            "<0x41>",
            "<end_of_turn>",
            "<bos>",
            "\u00e9",
            "e\u0301",
            "\u3000",
            "\u00a0",
            "\u200b",
            "\ud83d\udc69\u200d\ud83d\udcbb",
            "\u0e01\u0e33",
            "\ud55c\uad6d\uc5b4",
            "\u4f60\u597d",
            "Stra\u00dfe",
            " \u043c\u0438\u0440",
            "aaaaaaaa",
            "--------",
            "........",
            "________");

    /** The package with LLaMA-2's vocabulary has no file that this library reads. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LLAMA2")
    void givesTheTokensOfTheReference(TokenizerFamily family) throws Exception {
        Tokenizer plain = family.tokenizer(RecordedTokensTest.directory());
        Tokenizer tokenizer = family == TokenizerFamily.QWEN3 ? plain.withNfc() : plain;
        SplittableRandom random = new SplittableRandom(20_261_126);
        try (ReferenceTokenizer reference = ReferenceTokenizer.open(family.file(RecordedTokensTest.directory()))) {
            BitSet left = family == TokenizerFamily.QWEN3 ? newerMarks(tokenizer, reference) : new BitSet();
            // It stands for a space in some vocabularies, and GGUF files and the library differ there.
            left.set(SentencePieceEncoder.SPACE_MARK);
            for (int i = 0; i < TEXTS; i++) {
                String text = text(random, left);
                assertThat(tokenizer.encode(text, false, true))
                        .as("%s, text %d: %s", family, i, text)
                        .isEqualTo(reference.encode(text));
            }
        }
    }

    /**
     * Marks that this library's normal form takes for other characters: it knows an older Unicode than Java, which has
     * added about 150 marks since.
     */
    private static BitSet newerMarks(Tokenizer tokenizer, ReferenceTokenizer reference)
            throws ReflectiveOperationException {
        BitSet newer = new BitSet();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            boolean isMark = Character.getType(c) == Character.NON_SPACING_MARK
                    || Character.getType(c) == Character.COMBINING_SPACING_MARK;
            String followed = Character.toString(c) + LOWEST_MARK;
            newer.set(
                    c, isMark && !Arrays.equals(tokenizer.encode(followed, false, false), reference.encode(followed)));
        }
        assertThat(newer.cardinality()).isLessThan(250);
        return newer;
    }

    private static String text(SplittableRandom random, BitSet left) {
        StringBuilder text = new StringBuilder();
        for (int parts = random.nextInt(1, 16); parts > 0; parts--) {
            if (random.nextInt(3) == 0) {
                text.append(WORDS.get(random.nextInt(WORDS.size())));
            } else {
                int[] range = RANGES[random.nextInt(random.nextInt(1, RANGES.length + 1))];
                for (int characters = random.nextInt(1, 9); characters > 0; characters--) {
                    appendCharacter(random.nextInt(range[0], range[1] + 1), left, text);
                }
            }
        }
        return text.toString();
    }

    private static void appendCharacter(int c, BitSet left, StringBuilder text) {
        boolean isSurrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
        if (!isSurrogate && !left.get(c)) {
            text.appendCodePoint(c);
        }
    }
}
