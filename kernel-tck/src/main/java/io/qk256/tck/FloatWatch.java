package io.qk256.tck;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches what a kernel does to the {@link FloatEnvironment} of the threads that call it, and undoes it, so that
 * expected values are never computed in a modified environment. Thread-safe.
 */
final class FloatWatch {

    private final AtomicReference<@Nullable String> first = new AtomicReference<>();

    /** Must be called after each call of the kernel, on the same thread, with the environment from before the call. */
    void check(FloatEnvironment before, Supplier<String> call) {
        FloatEnvironment after = FloatEnvironment.current();
        if (after.isSame(before)) {
            return;
        }
        before.restore();
        first.compareAndSet(
                null,
                "after " + call.get() + ": seen " + after + ", expected " + before
                        + " as before; restore it before returning");
    }

    /** Describes the first change. */
    Optional<String> change() {
        return Optional.ofNullable(first.get());
    }

    /**
     * Fails a test whose results would be judged in an environment that the kernel has modified.
     *
     * @param says the start of the message
     */
    void requireUnspoiled(String says) {
        if (!FloatEnvironment.isRestorable()) {
            change().ifPresent(change -> {
                throw new AssertionError(says + "no result can be judged, since " + Rules.FLOAT_ENVIRONMENT
                        + " is broken and the kit cannot undo it without native access: " + change);
            });
        }
    }
}
