package io.qk256.spi.selection;

import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Ranks kernels by measurement. All usable kernels are measured side by side at each operation, which takes one to two
 * seconds in all (up to four on a single processor). The selection takes the fastest kernel for each operation; if the
 * difference is within the noise, the one with the highest declared rank. Measured with one thread and weights in the
 * caches.
 *
 * <p>Nothing else should run at the same time, because it changes the result. A measurement that differs when
 * repeated, or that is made while this process waits for processors, is neither used nor kept: the declared ranks
 * decide, and {@link Selection#doubt} says why. A measurement is cached under the content of all these kernels' files,
 * the CPU, the JVM and the contract version, and is used until one of them changes.
 *
 * @param cpuName the name of the CPU; a measurement is valid for this CPU only
 * @param cache where measurements are kept; without a cache every selection measures again
 */
public record Calibration(String cpuName, Optional<VerdictCache> cache) {

    private static final String KIND = "speed";
    private static final String DATE = "date";

    /** Changing the number invalidates earlier measurements. */
    private static final String RULES = "2";

    /**
     * Returns a calibration with the user's cache.
     *
     * @param cpuName the name of the CPU
     */
    public static Calibration usual(String cpuName) {
        return new Calibration(cpuName, VerdictCache.ofUser());
    }

    /**
     * The outcome of a calibration.
     *
     * @param measurement empty if there are no usable kernels or the measurement is not reliable
     * @param doubt why the measurement is not reliable
     */
    record Outcome(Optional<Measurement> measurement, Optional<String> doubt) {}

    /** Measures the usable kernels, unless the cache has a measurement. */
    Outcome measure(List<Candidate> usable, CpuFeatures cpu, Ticks ticks) {
        if (usable.isEmpty()) {
            return new Outcome(Optional.empty(), Optional.empty());
        }
        Optional<VerdictCache.Key> key =
                VerdictCache.Key.of(usable, cpu, cpuName).map(k -> k.with("rules", RULES));
        Optional<Measurement> known = cache.flatMap(verdicts -> key.flatMap(k -> verdicts.read(k, KIND)))
                .flatMap(values -> parse(values, usable));
        if (known.isPresent()) {
            return new Outcome(known, Optional.empty());
        }
        Map<String, Kernel> kernels = new LinkedHashMap<>();
        usable.forEach(
                candidate -> kernels.put(candidate.name(), candidate.kernel().orElseThrow()));
        String today = LocalDate.now(ZoneId.systemDefault()).toString();
        Stopwatch.Result result = Stopwatch.measure(kernels, ticks);
        if (result.doubt().isPresent()) {
            return new Outcome(
                    Optional.empty(),
                    result.doubt()
                            .map(why ->
                                    "the kernels are ranked by their declared ranks, because the measurement is not reliable: "
                                            + why));
        }
        Measurement measurement = new Measurement(today, false, result.speeds());
        cache.ifPresent(verdicts -> key.ifPresent(k -> verdicts.write(k, KIND, values(measurement))));
        return new Outcome(Optional.of(measurement), Optional.empty());
    }

    private static Map<String, String> values(Measurement measurement) {
        Map<String, String> values = new HashMap<>();
        values.put(DATE, measurement.date());
        measurement
                .speeds()
                .forEach((operation, speeds) -> speeds.forEach((kernel, speed) ->
                        values.put(entry(operation, kernel), speed.weightsPerSecond() + " " + speed.noise())));
        return values;
    }

    /** Empty if a value is missing or damaged, or a kernel failed last time; then the kernels are measured again. */
    private static Optional<Measurement> parse(Map<String, String> values, List<Candidate> usable) {
        Map<Operation, Map<String, Speed>> speeds = new EnumMap<>(Operation.class);
        try {
            String date = LocalDate.parse(values.getOrDefault(DATE, "")).toString();
            for (Operation operation : Operation.values()) {
                Map<String, Speed> ofOperation = new HashMap<>();
                for (Candidate candidate : usable) {
                    String[] numbers = values.getOrDefault(entry(operation, candidate.name()), "")
                            .split(" ", -1);
                    ofOperation.put(
                            candidate.name(),
                            new Speed(Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1])));
                }
                speeds.put(operation, ofOperation);
            }
            return Optional.of(new Measurement(date, true, speeds));
        } catch (RuntimeException e) { // Not a date, not a number, or too few numbers.
            return Optional.empty();
        }
    }

    private static String entry(Operation operation, String kernel) {
        return operation.label() + "." + kernel;
    }
}
