package io.qk256.spi.selection;

import io.qk256.spi.Operation;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A measurement of the usable kernels.
 *
 * @param date the date in ISO 8601 format
 * @param remembered whether it was read from the cache
 * @param speeds by operation, then by kernel name; a kernel that failed at an operation is missing there
 */
public record Measurement(String date, boolean remembered, Map<Operation, Map<String, Speed>> speeds) {

    /** Creates a measurement. */
    public Measurement {
        Map<Operation, Map<String, Speed>> copy = new EnumMap<>(Operation.class);
        speeds.forEach((operation, byName) -> copy.put(operation, Map.copyOf(byName)));
        speeds = Map.copyOf(copy);
    }

    /** Returns the speed of a kernel at an operation, if it was measured. */
    public Optional<Speed> speed(String kernel, Operation operation) {
        return Optional.ofNullable(speeds.getOrDefault(operation, Map.of()).get(kernel));
    }

    /**
     * Returns the best kernel for an operation: the first one that the fastest does not beat by more than the noise.
     *
     * @param byRank the usable kernels in descending declared rank
     */
    Optional<Candidate> best(Operation operation, List<Candidate> byRank) {
        Optional<Speed> fastest = byRank.stream()
                .flatMap(candidate -> speed(candidate.name(), operation).stream())
                .max((a, b) -> Double.compare(a.weightsPerSecond(), b.weightsPerSecond()));
        return byRank.stream()
                .filter(candidate -> speed(candidate.name(), operation)
                        .filter(speed -> !fastest.orElseThrow().beats(speed))
                        .isPresent())
                .findFirst();
    }
}
