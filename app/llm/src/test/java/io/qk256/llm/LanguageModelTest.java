package io.qk256.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.Progress;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.generation.Generator.End;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.LoadListener;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.text.ChatMessage;
import io.qk256.spi.support.OutputFile;
import io.qk256.testing.Fixtures;
import io.qk256.testing.JvmCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageModelTest {

    private static final GenerationOptions TWENTY = GenerationOptions.usual().withMaxTokens(20);

    @Test
    void aTextIsContinuedPieceByPiece(@TempDir Path directory) throws IOException {
        Path path = Files.write(directory.resolve("model.gguf"), Fixtures.bytes("/io/qk256/app/check/demo-i2_s.gguf"));
        List<String> pieces = new ArrayList<>();
        try (LanguageModel model = LanguageModel.open(path);
                Engine engine = model.engine(EngineOptions.withThreads(2))) {
            Answer answer = model.generate(engine, "Once upon a time", TWENTY, pieces::add);
            assertThat(answer.tokens()).isEqualTo(20);
            assertThat(answer.end()).isEqualTo(End.LIMIT);
            assertThat(answer.text()).isEqualTo(String.join("", pieces)).startsWith(" there");
            assertThat(engine.cacheBytes()).as("its pages are free again").isZero();
            assertThat(model.generate(engine, "Once upon a time", TWENTY, text -> {})
                            .text())
                    .isEqualTo(answer.text());
            assertThatIllegalStateException().isThrownBy(model::close).withMessageContaining("1 engine is open");
        }
    }

    @Test
    void aConversationIsAnswered() throws IOException {
        try (LanguageModel model = LanguageModel.of(Fixtures.demo(), LoadOptions.usual());
                Engine engine = model.engine(EngineOptions.withThreads(1))) {
            ChatMessage message = new ChatMessage(ChatMessage.Role.USER, "Once upon a time");
            String answer =
                    model.answer(engine, List.of(message), TWENTY, text -> {}).text();
            assertThat(answer)
                    .as("this model has no turns")
                    .isEqualTo(model.generate(engine, "Once upon a time", TWENTY, text -> {})
                            .text());
        }
    }

    /** The small embedding model expects the token that ends a text. */
    @Test
    void aTextBecomesAVector() throws IOException {
        byte[] bytes = Fixtures.bytes("/fixtures/families/embed.gguf");
        GgufFile file = WeightFile.of(Fixtures.segment(bytes), "embed.gguf");
        try (LanguageModel model = LanguageModel.of(file, LoadOptions.usual());
                Engine engine = model.engine(EngineOptions.withThreads(1))) {
            int[] tokens = model.tokensToEmbed("fox");
            assertThat(tokens).endsWith(model.tokenizer().endOfText());
            float[][] vectors =
                    model.embed(engine, List.of("fox", "foxes"), model.config().pooling());
            assertThat(vectors).hasNumberOfRows(2);
            assertThat(vectors[0]).isEqualTo(engine.embed(List.of(tokens), Pooling.MEAN)[0]);
        }
    }

    /** The vocabulary is missing, which is detected after the weights are loaded. */
    @Test
    void aModelThatCannotBeLoadedLeavesNothing() {
        byte[] bytes = Fixtures.bytes("/fixtures/model/tiny-bitnet.gguf");
        assertThatThrownBy(() ->
                        LanguageModel.of(WeightFile.of(Fixtures.segment(bytes), "no vocabulary"), LoadOptions.usual()))
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith("no vocabulary");
        assertThat(JvmCounts.threads()).doesNotContain("qk256-tokenizer");
    }

    @Test
    void mappedWeightsGiveTheTextOfTheStoredHead(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("model.gguf");
        try (GgufFile demo = Fixtures.demo()) {
            Conversion.convert(demo, OutputFile.of(path), Conversion.Target.QK256, false, 1, Progress.NONE);
        }
        LoadOptions stored = new LoadOptions(HeadType.STORED, LoadListener.NONE);
        assertThat(text(path, stored.withMappedWeights())).isEqualTo(text(path, stored));
    }

    private static String text(Path path, LoadOptions options) throws IOException {
        try (LanguageModel model = LanguageModel.open(path, options);
                Engine engine = model.engine(EngineOptions.withThreads(1))) {
            return model.generate(engine, "Once upon a time", TWENTY, text -> {})
                    .text();
        }
    }

    @Test
    void optionsThatMakeNoSenseAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TWENTY.withMaxTokens(-1))
                .withMessage("tokens to write: -1, expected 0 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LoadOptions(HeadType.INT8, LoadListener.NONE, false, true))
                .withMessageContaining("INT8 is a copy of the weights in memory, expected STORED with mapped weights");
    }
}
