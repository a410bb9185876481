package io.qk256.testing;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.function.ThrowingSupplier;

/**
 * Fails a test that hangs, or whose time grows out of proportion to its input. It does not judge speed: the limit is many
 * times what the slowest machine needs.
 */
public final class HangGuard {

    private static final Duration LIMIT = Duration.ofMinutes(5);

    private HangGuard() {}

    /** Returns the supplier's value. */
    public static <T> T ends(ThrowingSupplier<T> supplier) {
        return ends("it hangs, or its time grows out of proportion", supplier);
    }

    /** Returns the supplier's value; on a timeout the message begins with the label. */
    static <T> T ends(String label, ThrowingSupplier<T> supplier) {
        return assertTimeoutPreemptively(LIMIT, supplier, () -> label + ": no end within " + LIMIT);
    }
}
