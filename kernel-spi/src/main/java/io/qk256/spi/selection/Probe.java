package io.qk256.spi.selection;

import java.util.Optional;

/** Tries a kernel where it can break nothing, before any of its code runs in this JVM. */
@FunctionalInterface
public interface Probe {

    /**
     * Tries the kernel.
     *
     * @param cpu what is known of the CPU
     * @param forced the name of the kernel that the user forces, if any
     */
    Outcome run(CpuFeatures cpu, Optional<String> forced);

    /**
     * What came of it.
     *
     * @param detail what was seen; for a failure also what was expected and what to do
     * @param failure where it failed, if it did
     */
    record Outcome(String detail, Optional<Failure> failure) {

        /** An outcome. */
        public Outcome {
            detail = Reasons.oneLine(detail);
        }
    }

    /**
     * Where a kernel failed.
     *
     * @param name the name that the provider told, if it came so far
     * @param rank the rank that it told, if it came so far
     * @param gate the gate that it failed at, or {@link Gate#PROBED} if its process ended otherwise
     * @param remedy what to do, where that is up to the program that selects
     * @param cause more for those who look for the mistake
     */
    record Failure(
            Optional<String> name,
            Optional<Integer> rank,
            Gate gate,
            Optional<Remedy> remedy,
            Optional<Throwable> cause) {}
}
