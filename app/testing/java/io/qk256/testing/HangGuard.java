package io.qk256.testing;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.function.ThrowingSupplier;

/**
 * Ends what hangs, or grows out of all proportion with its input. No verdict on speed: the limit is many times what the
 * slowest machine needs.
 */
public final class HangGuard {

    private static final Duration LIMIT = Duration.ofMinutes(5);

    private HangGuard() {}

    /** What the supplier gives. */
    public static <T> T ends(ThrowingSupplier<T> supplier) {
        return ends("it hangs, or its time grows out of proportion", supplier);
    }

    /** What the supplier gives; if it does not, the message begins with the label. */
    static <T> T ends(String label, ThrowingSupplier<T> supplier) {
        return assertTimeoutPreemptively(LIMIT, supplier, () -> label + ": no end within " + LIMIT);
    }
}
