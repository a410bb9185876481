package io.qk256.testing;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;

/**
 * Runs fuzz cases. By default each fuzzer tries a fixed number of cases, the same on every machine, and four times as
 * many with {@code -Dqk256.tests=long}. {@code -Dqk256.fuzz.seconds=3600} runs each fuzzer for an hour,
 * {@code -Dqk256.fuzz.seed=S} starts at another case. Each case has its own seed, so a repetition with the seed that a
 * failure names starts with that case.
 */
public final class Fuzz {

    private static final long SECONDS = Long.getLong("qk256.fuzz.seconds", 0);
    private static final long SECONDS_OF_ONE_RUN = 15;
    private static final long SEED = Long.getLong("qk256.fuzz.seed", 20_261_122);

    private Fuzz() {}

    /** The time that each fuzzer runs for; its usual cases are tried in any case. */
    public static Duration time() {
        return Duration.ofSeconds(SECONDS);
    }

    /** How many times the usual work to do; 1 or more. */
    public static int times() {
        return Math.toIntExact(Math.max(1, SECONDS / SECONDS_OF_ONE_RUN));
    }

    /** The seed of the first case; each following seed is one more. */
    public static long firstSeed() {
        return SEED;
    }

    /** The outcome of a case without a finding. */
    public enum Outcome {
        ACCEPTED,
        REFUSED
    }

    /** A case, which throws on a finding. */
    @FunctionalInterface
    public interface Case {

        /** Tries what the random numbers give. */
        Outcome run(SplittableRandom random) throws Exception;
    }

    /**
     * Tries cases. Some must be accepted and some refused; otherwise the fuzzer tests nothing.
     *
     * @param most the number of cases with {@code -Dqk256.tests=long}, a quarter of which is usual; more are tried only if
     *     a time was given
     */
    public static void run(String name, int most, Case one) {
        long start = System.nanoTime();
        int usual = Effort.of(most);
        long refused = 0;
        long seed = SEED;
        while (seed - SEED < usual || System.nanoTime() - start < time().toNanos()) {
            SplittableRandom random = new SplittableRandom(seed);
            String label = name + ", repeated by -Dqk256.fuzz.seed=" + seed;
            try {
                refused += HangGuard.ends(label, () -> one.run(random)) == Outcome.REFUSED ? 1 : 0;
            } catch (Throwable e) {
                throw new AssertionError(label + ": " + e, e);
            }
            seed++;
        }
        long accepted = seed - SEED - refused;
        System.out.printf(
                "fuzzer %s: %d cases from seed %d, %d accepted, %d refused, no finding%n",
                name, seed - SEED, SEED, accepted, refused);
        Assertions.assertTrue(accepted > 0 && refused > 0, name + ": some cases accepted and some refused");
    }
}
