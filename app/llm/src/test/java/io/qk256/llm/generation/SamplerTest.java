package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.qk256.llm.model.NotFiniteException;
import io.qk256.spi.support.UserError;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {

    private static final float[] LOGITS = {1, 3, 2, 3, -1};

    @Test
    void takesTheLikeliestTokenAtTemperatureZero() {
        Sampler sampler = new Sampler(SamplingOptions.greedy(), LOGITS.length);
        assertThat(sampler.sample(LOGITS)).as("the first of equals").isEqualTo(1);
        assertThat(LOGITS).containsExactly(1, 3, 2, 3, -1);
    }

    @Test
    void choosesAsTheDefinitionDoes() {
        Random random = new Random(5);
        for (int i = 0; i < 3000; i++) {
            int size = 1 + random.nextInt(40);
            SamplingOptions options = new SamplingOptions(
                    0.1 + 2 * random.nextDouble(),
                    random.nextBoolean() ? 0 : random.nextInt(size + 3),
                    random.nextBoolean() ? 1 : 1 - random.nextDouble(),
                    random.nextBoolean() ? 0 : random.nextDouble(),
                    random.nextBoolean() ? 1 : 0.5 + random.nextDouble(),
                    random.nextInt(8),
                    random.nextLong());
            Sampler sampler = new Sampler(options, size);
            SplittableRandom draws = new SplittableRandom(options.seed());
            int[] history = random.ints(12, 0, size).toArray();
            Arrays.stream(history).forEach(sampler::accept);
            for (int n = 0; n < 3; n++) {
                float[] logits = logits(random, size);
                assertThat(sampler.sample(logits))
                        .as("case %d, %s", i, options)
                        .isEqualTo(byDefinition(options, logits, history, draws.nextDouble()));
            }
        }
    }

    /** Follows llama.cpp's sampler chain: each step works on a sorted list with its own softmax. */
    private static int byDefinition(SamplingOptions options, float[] logits, int[] history, double draw) {
        float[] penalised = logits.clone();
        int first = Math.max(0, history.length - options.repeatLast());
        Set<Integer> recent = new LinkedHashSet<>();
        Arrays.stream(history, first, history.length).forEach(recent::add);
        for (int token : recent) {
            penalised[token] = (float)
                    (penalised[token] > 0
                            ? penalised[token] / options.repeatPenalty()
                            : penalised[token] * options.repeatPenalty());
        }
        List<Integer> kept = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble(token -> -penalised[token]))
                .toList();
        if (options.topK() > 0 && options.topK() < kept.size()) {
            kept = kept.subList(0, options.topK());
        }
        double[] probabilities = softmax(kept, penalised, 1);
        int count = 0;
        for (double sum = 0; count < kept.size() && (options.topP() == 1 || sum < options.topP()); count++) {
            sum += probabilities[count];
        }
        kept = kept.subList(0, count);
        double least = probabilities[0] * options.minP();
        kept = kept.subList(0, Math.max(1, (int)
                Arrays.stream(probabilities, 0, count).filter(p -> p >= least).count()));
        double[] heated = softmax(kept, penalised, options.temperature());
        double sum = 0;
        for (int i = 0; i < kept.size(); i++) {
            sum += heated[i];
            if (sum > draw) {
                return kept.get(i);
            }
        }
        return kept.getLast();
    }

    private static double[] softmax(List<Integer> tokens, float[] logits, double temperature) {
        double max = logits[tokens.getFirst()];
        double[] weights = tokens.stream()
                .mapToDouble(token -> Math.exp((logits[token] - max) / temperature))
                .toArray();
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / sum).toArray();
    }

    @Test
    void drawsInProportionToTheProbabilities() {
        Sampler sampler = new Sampler(new SamplingOptions(2, 0, 1, 0, 1, 0, 6), LOGITS.length);
        int[] seen = new int[LOGITS.length];
        int draws = 200_000;
        for (int i = 0; i < draws; i++) {
            seen[sampler.sample(LOGITS)]++;
        }
        double[] expected = softmax(List.of(0, 1, 2, 3, 4), LOGITS, 2);
        for (int token = 0; token < LOGITS.length; token++) {
            double deviation = Math.sqrt(expected[token] * (1 - expected[token]) / draws);
            assertThat((double) seen[token] / draws).isCloseTo(expected[token], within(5 * deviation));
        }
    }

    /** The generator is SplitMix64, whose first values for this seed are published. */
    @Test
    void drawsTheSameOnEveryVersionOfJava() {
        SplittableRandom random = new SplittableRandom(1_234_567);
        assertThat(random.nextLong()).isEqualTo(6_457_827_717_110_365_317L);
        assertThat(random.nextLong()).isEqualTo(3_203_168_211_198_807_973L);
        assertThat(random.nextLong()).isEqualTo(Long.parseUnsignedLong("9817491932198370423"));
    }

    @Test
    void repeatsItselfForASeed() {
        Random random = new Random(7);
        float[][] logits =
                IntStream.range(0, 50).mapToObj(i -> logits(random, 300)).toArray(float[][]::new);
        SamplingOptions options = new SamplingOptions(1.5, 40, 0.95, 0.01, 1.1, 64, 42);
        assertThat(run(options, logits)).isEqualTo(run(options, logits));
        assertThat(run(new SamplingOptions(1.5, 40, 0.95, 0.01, 1.1, 64, 43), logits))
                .isNotEqualTo(run(options, logits));
    }

    private static int[] run(SamplingOptions options, float[][] logits) {
        Sampler sampler = new Sampler(options, logits[0].length);
        return Arrays.stream(logits)
                .mapToInt(each -> {
                    int token = sampler.sample(each);
                    sampler.accept(token);
                    return token;
                })
                .toArray();
    }

    @Test
    void penalisesOnlyRecentTokensAndOnce() {
        Sampler sampler = new Sampler(new SamplingOptions(0, 0, 1, 0, 2, 2, 0), 3);
        float[] logits = {4, 2.5f, -1};
        sampler.accept(0);
        sampler.accept(0);
        assertThat(sampler.sample(logits)).as("4 / 2 is less than 2.5").isEqualTo(1);
        sampler.accept(2);
        sampler.accept(1);
        assertThat(sampler.sample(logits)).as("0 is no longer recent").isZero();
        assertThat(sampler.sample(new float[] {-5, -1.5f, -1}))
                .as("negative logits are multiplied")
                .isEqualTo(2);
    }

    @Test
    void neverChoosesWhatIsForbidden() {
        float[] logits = {Float.NEGATIVE_INFINITY, 1, Float.NEGATIVE_INFINITY, 0};
        Sampler sampler = new Sampler(new SamplingOptions(1, 0, 1, 0, 1, 0, 8), 4);
        for (int i = 0; i < 1000; i++) {
            assertThat(sampler.sample(logits)).isIn(1, 3);
        }
    }

    @Test
    void refusesBrokenLogits() {
        Sampler sampler = new Sampler(SamplingOptions.greedy(), 2);
        assertThatThrownBy(() -> sampler.sample(new float[] {1, Float.NaN}))
                .isInstanceOf(NotFiniteException.class)
                .hasMessageStartingWith("the logit of token 1 is NaN, expected a finite number");
        assertThatThrownBy(() -> sampler.sample(new float[] {Float.POSITIVE_INFINITY, 1}))
                .hasMessageStartingWith("the logit of token 0 is Infinity");
        assertThatThrownBy(() -> sampler.sample(new float[] {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY}))
                .hasMessageStartingWith("each of 2 logits is -Infinity");
        assertThatThrownBy(() -> sampler.sample(new float[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("3 logits, expected 2");
        assertThatThrownBy(() -> sampler.accept(2)).hasMessage("token 2, expected 0 to 1");
    }

    @Test
    void refusesOptionsOutsideTheirRanges() {
        assertRefused(() -> new SamplingOptions(-0.1, 0, 1, 0, 1, 0, 0), "temperature is -0.1, expected 0 to 100");
        assertRefused(() -> new SamplingOptions(Double.NaN, 0, 1, 0, 1, 0, 0), "temperature is NaN");
        assertRefused(() -> new SamplingOptions(1, -1, 1, 0, 1, 0, 0), "top-k is -1, expected 0 (all tokens) or more");
        assertRefused(() -> new SamplingOptions(1, 0, 0, 0, 1, 0, 0), "top-p is 0.0");
        assertRefused(() -> new SamplingOptions(1, 0, 1.1, 0, 1, 0, 0), "top-p is 1.1");
        assertRefused(() -> new SamplingOptions(1, 0, 1, 2, 1, 0, 0), "min-p is 2.0");
        assertRefused(() -> new SamplingOptions(1, 0, 1, 0, 0, 0, 0), "repeat penalty is 0.0");
        assertRefused(() -> new SamplingOptions(1, 0, 1, 0, 1, -1, 0), "repeat window is -1");
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(UserError.class).hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 40})
    void allocatesNothingPerToken(int topK) throws ReflectiveOperationException {
        Sampler sampler = new Sampler(new SamplingOptions(0.7, topK, 0.9, 0.05, 1.1, 64, 9), 1000);
        float[] logits = logits(new Random(9), 1000);
        long start = 0;
        int tokens = 2000;
        for (int i = 0; i < 2 * tokens; i++) {
            if (i == tokens) {
                start = allocatedBytes();
            }
            sampler.accept(sampler.sample(logits));
        }
        long bytes = allocatedBytes() - start;
        // The smallest object has 16 bytes; the query itself allocates a few thousand.
        assertThat(bytes).as("bytes for %d tokens", tokens).isLessThan(8L * tokens);
    }

    /** A recent token of a positive logit is then certain. */
    @Test
    void aTinyRepeatPenaltyMakesNoInfiniteLogit() {
        for (int topK : new int[] {0, 3}) {
            Sampler sampler = new Sampler(new SamplingOptions(1, topK, 0.5, 0, 1e-300, 64, 1), LOGITS.length);
            sampler.acceptPrompt(1);
            assertThat(sampler.sample(LOGITS)).as("top-k %d", topK).isEqualTo(1);
        }
    }

    @Test
    void penaltiesCountChosenTokensOnly() {
        SamplingOptions options = SamplingOptions.greedy().withPenalties(0.5, 0.75);
        Sampler sampler = new Sampler(options, LOGITS.length);
        sampler.acceptPrompt(1);
        sampler.acceptPrompt(1);
        int[] chosen = new int[6];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = sampler.sample(LOGITS);
            sampler.accept(chosen[i]);
        }
        // 1: 3, 1.75, 1; 3 the same; 2: 2, 0.75; 0: 1.
        assertThat(chosen).containsExactly(1, 3, 2, 1, 3, 0);
    }

    @Test
    void biasIsAdded() {
        SamplingOptions options = SamplingOptions.greedy().withLogitBias(Map.of(1, -100.0, 3, -0.5, 4, 3.75));
        assertThat(new Sampler(options, LOGITS.length).sample(LOGITS)).isEqualTo(4);
        assertRefused(() -> new Sampler(options, 4), "token of a bias is 4, expected 0 to 3 (the vocabulary)");
        assertRefused(
                () -> SamplingOptions.greedy().withPenalties(2.5, 0), "presence penalty is 2.5, expected -2 to 2");
        assertRefused(
                () -> SamplingOptions.greedy().withPenalties(0, -3), "frequency penalty is -3.0, expected -2 to 2");
        assertRefused(
                () -> SamplingOptions.greedy().withLogitBias(Map.of(7, 101.0)),
                "bias of token 7 is 101.0, expected -100 to 100");
    }

    /** The choice is that among logits where all others are impossible. */
    @Test
    void onlyAllowedTokensAreChosen() {
        Random random = new Random(6);
        for (int i = 0; i < 500; i++) {
            int size = 1 + random.nextInt(40);
            SamplingOptions options = new SamplingOptions(
                    random.nextInt(3), random.nextInt(5), random.nextBoolean() ? 1 : 0.7, 0, 1, 0, random.nextLong());
            float[] logits = logits(random, size);
            float[] masked = logits.clone();
            BitSet allowed = new BitSet();
            for (int token = 0; token < size; token++) {
                if (random.nextBoolean()) {
                    allowed.set(token);
                } else {
                    masked[token] = Float.NEGATIVE_INFINITY;
                }
            }
            OptionalInt chosen = new Sampler(options, size).sample(logits, allowed);
            if (allowed.isEmpty()) {
                assertThat(chosen).isEmpty();
            } else {
                assertThat(chosen).as("case %d", i).hasValue(new Sampler(options, size).sample(masked));
            }
        }
    }

    /** By reflection, because the application's module does not read {@code jdk.management}. */
    private static long allocatedBytes() throws ReflectiveOperationException {
        Object threads = Class.forName("java.lang.management.ManagementFactory")
                .getMethod("getThreadMXBean")
                .invoke(null);
        return (long) Class.forName("com.sun.management.ThreadMXBean")
                .getMethod("getCurrentThreadAllocatedBytes")
                .invoke(threads);
    }

    private static float[] logits(Random random, int size) {
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) (3 * random.nextGaussian());
        }
        return logits;
    }
}
