package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.gguf.GgufException;
import io.qk256.spi.Kernel;
import io.qk256.testing.Effort;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the small trained model with bitnet.cpp's results for it, with an f16 cache, token by token. */
class DemoModelTest {

    /** The most that one activation rounded the other way changes the logits, whose standard deviation is 6. */
    private static final float FLIPPED_ROUNDING = 0.3f;

    /** {@code top10} has, for each position, pairs of a token and its logit. */
    record Prompt(
            List<Integer> promptIds, List<List<List<Double>>> top10, List<Integer> greedy, List<Float> lastLogits) {

        int[] tokens() {
            return promptIds.stream().mapToInt(Integer::intValue).toArray();
        }
    }

    /** Parsed by hand, because a library has no reflective access to this module's records. */
    static List<Prompt> prompts() {
        String json = new String(Recorded.bytes("demo_reference.json"), StandardCharsets.UTF_8);
        return list(JsonParser.parseString(json).getAsJsonObject().get("prompts"), DemoModelTest::prompt);
    }

    private static Prompt prompt(JsonElement element) {
        JsonObject prompt = element.getAsJsonObject();
        return new Prompt(
                list(prompt.get("promptIds"), JsonElement::getAsInt),
                list(prompt.get("top10"), top -> list(top, pair -> list(pair, JsonElement::getAsDouble))),
                list(prompt.get("greedy"), JsonElement::getAsInt),
                list(prompt.get("lastLogits"), JsonElement::getAsFloat));
    }

    private static <T> List<T> list(JsonElement array, Function<JsonElement, T> element) {
        return array.getAsJsonArray().asList().stream().map(element).toList();
    }

    @ParameterizedTest
    @MethodSource("prompts")
    void logitsAreThoseOfThePeer(Prompt prompt) throws GgufException {
        float[][] logits = everyPosition("i2_s", prompt.tokens(), Kernels.scalar(), 1, 1);
        int exact = 0;
        for (int i = 0; i < logits.length; i++) {
            float worst = 0;
            List<List<Double>> top = prompt.top10().get(i);
            for (List<Double> expected : top) {
                float logit = logits[i][expected.getFirst().intValue()];
                worst = Math.max(worst, Math.abs(logit - expected.getLast().floatValue()));
            }
            assertThat(worst).as("position %d", i).isLessThan(FLIPPED_ROUNDING);
            assertThat(Argmax.of(logits[i]))
                    .as("position %d", i)
                    .isEqualTo(top.getFirst().getFirst().intValue());
            exact += worst < 2e-4f ? 1 : 0;
        }
        assertThat(exact).as("positions before any rounding flipped").isGreaterThan(logits.length / 2);
        float[] last = logits[logits.length - 1];
        for (int i = 0; i < last.length; i++) {
            assertThat(last[i]).isCloseTo(prompt.lastLogits().get(i), within(FLIPPED_ROUNDING));
        }
    }

    /** If the peer chose another token, the two logits are so close that a flipped rounding decides. */
    @ParameterizedTest
    @MethodSource("prompts")
    void greedyContinuationsAreThoseOfThePeer(Prompt prompt) throws GgufException {
        int same = 0;
        try (Model model = Model.load(Recorded.demo("i2_s"), HeadType.STORED, LoadListener.NONE);
                Engine engine = model.engine(Kernels.scalar(), EngineOptions.withThreads(1));
                Sequence sequence = engine.sequence()) {
            float[] logits = sequence.prompt(prompt.tokens());
            for (int token : prompt.greedy()) {
                float best = logits[Argmax.of(logits)];
                assertThat(logits[token])
                        .as("after %d tokens", sequence.position())
                        .isCloseTo(best, within(FLIPPED_ROUNDING));
                same += logits[token] == best ? 1 : 0;
                logits = sequence.decode(token);
            }
        }
        assertThat(same)
                .as("of %d tokens", prompt.greedy().size())
                .isGreaterThanOrEqualTo(prompt.greedy().size() - 1);
    }

    /** All kernels, numbers of threads and batch sizes give the same bits. */
    @Test
    void nothingChangesTheLogits() throws GgufException {
        int[] tokens = IntStream.range(0, 70).map(i -> (i * 389 + 7) % 1024).toArray();
        float[][] expected = everyPosition("i2_s", tokens, Kernels.scalar(), 1, 1);
        for (Map.Entry<String, Kernel> kernel : Kernels.all().entrySet()) {
            for (int threads : Effort.isLong() ? new int[] {1, 2, 3} : new int[] {1, 3}) {
                for (int batch : Effort.isLong() ? new int[] {1, 5, 16, 64} : new int[] {5, 64}) {
                    float[][] seen = everyPosition("i2_s", tokens, kernel.getValue(), threads, batch);
                    assertThat(seen)
                            .as("%s, %d threads, batch %d", kernel.getKey(), threads, batch)
                            .isDeepEqualTo(expected);
                }
            }
        }
    }

    @Test
    void bothPackingsGiveTheSameLogits() throws GgufException {
        int[] tokens = prompts().getFirst().tokens();
        assertThat(everyPosition("tq2_0", tokens, Kernels.scalar(), 1, 8))
                .isDeepEqualTo(everyPosition("i2_s", tokens, Kernels.scalar(), 1, 8));
    }

    /** Logits for so few tokens differ only by the rounding of the weights to 8 bits. */
    @Test
    void theHeadInEightBitsIsClose() throws GgufException {
        Prompt prompt = prompts().getFirst();
        float[] exact = last(prompt, HeadType.STORED);
        float[] rounded = last(prompt, HeadType.INT8);
        double difference = 0;
        double size = 0;
        for (int i = 0; i < exact.length; i++) {
            difference += Math.pow(exact[i] - rounded[i], 2);
            size += Math.pow(exact[i], 2);
        }
        assertThat(Math.sqrt(difference / size)).isBetween(1e-5, 1e-2);
        assertThat(Argmax.of(rounded)).isEqualTo(Argmax.of(exact));
    }

    private static float[] last(Prompt prompt, HeadType head) throws GgufException {
        try (Model model = Model.load(Recorded.demo("i2_s"), head, LoadListener.NONE);
                Engine engine = model.engine(Kernels.scalar(), EngineOptions.withThreads(2));
                Sequence sequence = engine.sequence()) {
            return sequence.prompt(prompt.tokens()).clone();
        }
    }

    private static float[][] everyPosition(String packing, int[] tokens, Kernel kernel, int threads, int batch)
            throws GgufException {
        float[][] logits = new float[tokens.length][];
        EngineOptions options = new EngineOptions(threads, 0, batch, CacheType.F16);
        try (Model model = Model.load(Recorded.demo(packing), HeadType.STORED, LoadListener.NONE);
                Engine engine = model.engine(kernel, options);
                Sequence sequence = engine.sequence()) {
            sequence.prompt(Arrays.copyOf(tokens, tokens.length), (i, seen) -> logits[i] = seen.clone());
        }
        return logits;
    }
}
