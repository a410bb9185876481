package io.qk256.spi.selection;

import java.util.Optional;

/** Tries a kernel where it cannot do any damage, before any of its code runs in this JVM. */
@FunctionalInterface
public interface Probe {

    /**
     * Tries the kernel.
     *
     * @param cpu what is known about the CPU
     * @param forced the name of the kernel that the user forces, if any
     */
    Outcome run(CpuFeatures cpu, Optional<String> forced);

    /**
     * The outcome of a probe.
     *
     * @param detail what was seen; for a failure also what was expected and what to do
     * @param failure where it failed, if it did
     */
    record Outcome(String detail, Optional<Failure> failure) {

        /** Creates an outcome. */
        public Outcome {
            detail = Reasons.oneLine(detail);
        }
    }

    /**
     * Where a kernel failed.
     *
     * @param name the name that the provider returned, if it got that far
     * @param rank the rank that it returned, if it got that far
     * @param gate the gate that it failed at, or {@link Gate#PROBED} if its process ended in another way
     * @param remedy what to do, if the selecting program can do something
     * @param cause details for debugging
     */
    record Failure(
            Optional<String> name,
            Optional<Integer> rank,
            Gate gate,
            Optional<Remedy> remedy,
            Optional<Throwable> cause) {}
}
