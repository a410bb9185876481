package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Uses LLaMA-3's own vocabulary, which may not be shipped here: {@code -Dqk256.llama3.vocabulary=FILE} names its rank
 * file, {@code tokenizer.model} of LLaMA 3 or {@code gpu/tokenizer.model} of microsoft/BitNet (2,183,982 bytes, sha256
 * 82e9d319...5b55). Skipped without it.
 */
@EnabledIfSystemProperty(
        named = Llama3VocabularyTest.VOCABULARY,
        matches = ".+",
        disabledReason = "needs -Dqk256.llama3.vocabulary=FILE, LLaMA-3's tokenizer.model")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Llama3VocabularyTest {

    static final String VOCABULARY = "qk256.llama3.vocabulary";

    private Tokenizer withMerges = Tokenizers.of(Tokenizers.small());
    private Tokenizer withoutMerges = withMerges;

    @BeforeAll
    void load() throws IOException {
        MetadataFile metadata = Llama3File.of(Path.of(System.getProperty(VOCABULARY)));
        assertThat(metadata.strings("tokenizer.ggml.merges"))
                .as("as in Microsoft's file")
                .hasSize(280_147);
        try (GgufFile file = metadata.open()) {
            withMerges = Tokenizer.of(file);
        }
        try (GgufFile file = metadata.without("tokenizer.ggml.merges").open()) {
            withoutMerges = Tokenizer.of(file);
        }
    }

    Stream<Tokenizer> tokenizers() {
        return Stream.of(withMerges, withoutMerges);
    }

    @ParameterizedTest
    @MethodSource("tokenizers")
    void encodesThePublishedTexts(Tokenizer tokenizer) {
        assertThat(Vectors.published()).hasSize(47);
        for (Vectors.Tokens expected : Vectors.published()) {
            assertThat(tokenizer.encode(expected.text(), false, false))
                    .as(expected.text())
                    .isEqualTo(expected.ids());
        }
    }

    @ParameterizedTest
    @MethodSource("tokenizers")
    void encodesWhatThePublishedTextsLack(Tokenizer tokenizer) {
        for (Vectors.Pieces expected : Vectors.more()) {
            assertThat(tokenizer.encode(expected.text(), false, false))
                    .as(expected.text())
                    .isEqualTo(expected.ids());
        }
    }

    @Test
    void knowsTheMarks() {
        assertThat(withMerges.beginOfText()).hasValue(128_000);
        assertThat(withMerges.describe(128_001)).isEqualTo("<|end_of_text|>");
        assertThat(withMerges.endOfTurn()).hasValue(Llama3File.END_OF_TURN);
        assertThat(withMerges.describe(Llama3File.END_OF_TURN)).isEqualTo("<|eot_id|>");
        assertThat(withMerges.isStop(128_001)).isTrue();
        assertThat(withMerges.isStop(128_009)).isTrue();
    }

    @Test
    void encodesConversationsAsTheModelWasTrained() {
        ChatTemplate template = ChatTemplate.of(withMerges);
        ChatMessage question = new ChatMessage(ChatMessage.Role.USER, "How are you?");
        assertThat(template.encode(List.of(question)))
                .containsExactly(128000, 1502, 25, 2650, 527, 499, 30, 128009, 72803, 25, 220);

        ChatMessage system = new ChatMessage(ChatMessage.Role.SYSTEM, " You are a helpful AI assistant.\n");
        assertThat(template.encode(List.of(system, question)))
                .containsExactly(
                        128000, 2374, 25, 1472, 527, 264, 11190, 15592, 18328, 13, 128009, 1502, 25, 2650, 527, 499, 30,
                        128009, 72803, 25, 220);
    }

    /** The same control tokens, found in text. */
    @Test
    void encodesATemplateThatIsWrittenOut() {
        assertThat(withMerges.encode("<|begin_of_text|>User: How are you?<|eot_id|>Assistant: ", false, true))
                .containsExactly(128000, 1502, 25, 2650, 527, 499, 30, 128009, 72803, 25, 220);
    }
}
