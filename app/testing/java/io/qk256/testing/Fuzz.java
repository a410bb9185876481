package io.qk256.testing;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;

/**
 * The one switch of all fuzzers: without it each tries a fixed number of cases, the same on every machine;
 * {@code -Dqk256.fuzz.seconds=3600} hunts for an hour each, {@code -Dqk256.fuzz.seed=S} begins at another case. Each case has a seed
 * of its own, so that the one that a failure names comes first when it is repeated.
 */
public final class Fuzz {

    private static final long SECONDS = Long.getLong("qk256.fuzz.seconds", 0);
    private static final long SECONDS_AS_USUAL = 15;
    private static final long SEED = Long.getLong("qk256.fuzz.seed", 20_261_122);

    private Fuzz() {}

    /** How long each fuzzer goes on after its usual cases. */
    public static Duration time() {
        return Duration.ofSeconds(SECONDS);
    }

    /** How many times the usual work is asked for; 1 or more. */
    public static int times() {
        return Math.toIntExact(Math.max(1, SECONDS / SECONDS_AS_USUAL));
    }

    /** The seed of the first case; each of the next is one more. */
    public static long firstSeed() {
        return SEED;
    }

    /** What became of a case that is no finding. */
    public enum Outcome {
        ACCEPTED,
        REFUSED
    }

    /** A case; it throws if it is a finding. */
    @FunctionalInterface
    public interface Case {

        /** Tries what the numbers ask for. */
        Outcome run(SplittableRandom random) throws Exception;
    }

    /**
     * Tries cases.
     *
     * @param usual how many, and more only if a time was asked for; some must be accepted and some refused: else the fuzzer looks
     *     at nothing
     */
    public static void run(String name, int usual, Case one) {
        long start = System.nanoTime();
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
