package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Whatever the keys of a tokenizer hold, the file is refused with a message or the tokenizer works. */
class HostileVocabulariesTest {

    private static final int ROUNDS = 1_000;
    private static final String PREFIX = "tokenizer.ggml.";
    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "hello the lo\n",
            "<think></s><|eot_id|>\u2581a",
            "\u4e00\ud83d\ude00\u0301\0",
            "\ud800x",
            "aaaaaaaaaaaa");

    private static final List<String> STRANGE = List.of(
            "",
            " ",
            "\u2581",
            "a",
            "he",
            "<0x41>",
            "<0x",
            "</s>",
            "<think>",
            "\u4e00",
            "\ufffd",
            "\0",
            "h e",
            "x".repeat(1025));

    private final SplittableRandom random = new SplittableRandom(3);

    @Test
    void bytePairs() {
        assertThat(damagedFilesThatWork(Tokenizers::small)).isBetween(ROUNDS / 50, ROUNDS);
    }

    @Test
    void sentencePieces() {
        assertThat(damagedFilesThatWork(SentencePieceTest::file)).isBetween(ROUNDS / 50, ROUNDS);
    }

    private int damagedFilesThatWork(Supplier<MetadataFile> files) {
        int work = 0;
        for (int round = 0; round < ROUNDS; round++) {
            MetadataFile file = files.get();
            for (int damages = random.nextInt(1, 4); damages > 0; damages--) {
                damage(file);
            }
            try (GgufFile opened = file.open()) {
                use(Tokenizer.of(opened));
                work++;
            } catch (GgufException e) {
                assertThat(e.getMessage()).startsWith("test.gguf: ").hasSizeLessThan(2_000);
            }
        }
        return work;
    }

    private void damage(MetadataFile file) {
        List<String> tokens = new ArrayList<>(file.strings(PREFIX + "tokens"));
        int size = tokens.size();
        switch (random.nextInt(10)) {
            case 0 -> tokens.set(random.nextInt(size), STRANGE.get(random.nextInt(STRANGE.size())));
            case 1 -> tokens.set(random.nextInt(size), tokens.get(random.nextInt(size)));
            case 2 -> tokens.remove(random.nextInt(size));
            case 3 -> tokens.add(STRANGE.get(random.nextInt(STRANGE.size())) + random.nextInt(3));
            case 4 -> file.with(PREFIX + "token_type", random.ints(size, 1, 7).toArray());
            case 5 -> file.with(PREFIX + "scores", scores(size));
            case 6 -> file.with(PREFIX + "eos_token_id", random.nextInt(-1, size + 1));
            case 7 -> file.with(PREFIX + "eot_token_id", random.nextInt(-1, size + 1));
            case 8 -> file.with(PREFIX + "merges", List.of("h e", "e l", STRANGE.get(random.nextInt(STRANGE.size()))));
            default ->
                file.without(PREFIX
                        + List.of("scores", "token_type", "merges", "bos_token_id")
                                .get(random.nextInt(4)));
        }
        file.with(PREFIX + "tokens", tokens);
    }

    private float[] scores(int size) {
        float[] scores = new float[size];
        for (int i = 0; i < size; i++) {
            scores[i] = Float.intBitsToFloat(random.nextInt());
            if (Float.isNaN(scores[i]) && random.nextInt(1_000) != 0) {
                scores[i] = -0f;
            }
        }
        return scores;
    }

    private static void use(Tokenizer tokenizer) {
        for (String text : TEXTS) {
            for (boolean parseSpecial : new boolean[] {false, true}) {
                for (int token : tokenizer.encode(text, false, parseSpecial)) {
                    assertThat(token).isBetween(0, tokenizer.vocabularySize() - 1);
                }
            }
            String readable = text.replace('\u2581', ' ').replaceAll("\\p{Cs}(?!\\p{Cs})", "\ufffd");
            assertThat(tokenizer.decode(tokenizer.encode(text, false, false)).replace('\u2581', ' '))
                    .isEqualTo(readable);
        }
        for (int token = 0; token < tokenizer.vocabularySize(); token++) {
            assertThat(tokenizer.describe(token)).isNotNull();
        }
    }
}
