package io.qk256.spi.selection;

import io.qk256.spi.CpuFeatures;
import io.qk256.spi.Jvm;
import io.qk256.spi.selection.Candidate.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Leads every candidate through the {@linkplain Gate gates} and selects the usable one of the highest rank. Whatever a
 * provider throws costs it its place and nothing else. Stateless and thread-safe.
 */
public final class KernelSelector {

    /** The selected one, then the usable ones, then the rejected ones; each by falling rank. */
    private static final Comparator<Candidate> ORDER = Comparator.comparing(Candidate::state, Comparator.reverseOrder())
            .thenComparing(candidate -> candidate.rank().orElse(Integer.MIN_VALUE), Comparator.reverseOrder())
            .thenComparing(Candidate::name);

    private KernelSelector() {}

    /** Selects among all kernels that are found, for the running JVM, without wishes. */
    public static Selection select(CpuFeatures cpu) {
        return select(KernelSource.find(), cpu, Jvm.current(), Wishes.NONE);
    }

    /**
     * Selects a kernel by the declared ranks.
     *
     * @param sources where providers were found
     * @param cpu what is known of the CPU
     * @param jvm what is known of the JVM
     * @param wishes what the user asks for
     */
    public static Selection select(List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, Wishes wishes) {
        return select(sources, cpu, jvm, wishes, Optional.empty());
    }

    /**
     * Selects a kernel for each operation by measurement.
     *
     * @param sources where providers were found
     * @param cpu what is known of the CPU
     * @param jvm what is known of the JVM
     * @param wishes what the user asks for; a required kernel must be the best at every operation
     * @param calibration measures
     * @throws IllegalArgumentException if the user forces a kernel: then there is nothing to rank
     */
    public static Selection select(
            List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, Wishes wishes, Calibration calibration) {
        if (wishes.forced().isPresent()) {
            throw new IllegalArgumentException("kernel " + wishes.forced().get()
                    + " is forced, so there is nothing to rank by measurement; ask for one of them only");
        }
        return select(sources, cpu, jvm, wishes, Optional.of(calibration));
    }

    private static Selection select(
            List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, Wishes wishes, Optional<Calibration> calibration) {
        Set<String> names = new HashSet<>();
        List<Candidate> candidates = new ArrayList<>();
        for (KernelSource source : sources) {
            candidates.add(new Examination(source, cpu, jvm, wishes, names).run());
        }
        candidates.sort(ORDER);
        List<Candidate> usable = candidates.stream()
                .filter(candidate -> candidate.state() == State.USABLE)
                .filter(candidate ->
                        wishes.forced().map(candidate.name()::equals).orElse(true))
                .toList();
        Optional<Measurement> measurement = calibration.flatMap(c -> c.measure(usable, cpu));
        Map<Operation, String> best = best(usable, measurement);
        Optional<String> problem = problem(wishes, candidates, best);
        if (!best.isEmpty()) {
            Reason reason = new Reason(best, wishes.forced().isPresent(), measurement.isPresent());
            candidates.replaceAll(reason::placed);
            candidates.sort(ORDER);
        }
        return new Selection(cpu, jvm, candidates, problem, measurement, best);
    }

    /** For each operation; all of them failed at one that was measured, if there is no best: then the ranks decide. */
    private static Map<Operation, String> best(List<Candidate> usable, Optional<Measurement> measurement) {
        Map<Operation, String> best = new EnumMap<>(Operation.class);
        for (Operation operation : Operation.values()) {
            measurement
                    .flatMap(m -> m.best(operation, usable))
                    .or(() -> usable.stream().findFirst())
                    .ifPresent(candidate -> best.put(operation, candidate.name()));
        }
        return best;
    }

    /** What the usable candidates are told. */
    private record Reason(Map<Operation, String> best, boolean forced, boolean measured) {

        Candidate placed(Candidate candidate) {
            if (candidate.state() != State.USABLE) {
                return candidate;
            }
            boolean selected = best.containsValue(candidate.name());
            return candidate.as(selected ? State.SELECTED : State.USABLE, why(candidate.name(), selected));
        }

        private String why(String name, boolean selected) {
            String winners = String.join(", ", new TreeSet<>(best.values()));
            if (selected) {
                return measured
                        ? "measured: best at " + operations(name)
                        : forced ? "forced" : "highest rank of the usable kernels";
            }
            return forced ? winners + " was forced" : (measured ? "measured: " : "") + "outranked by " + winners;
        }

        private String operations(String name) {
            List<String> operations = Arrays.stream(Operation.values())
                    .filter(operation -> name.equals(best.get(operation)))
                    .map(Operation::label)
                    .toList();
            return operations.size() == Operation.values().length ? "every operation" : String.join(", ", operations);
        }
    }

    private static Optional<String> problem(Wishes wishes, List<Candidate> candidates, Map<Operation, String> best) {
        Optional<String> wished = wishes.forced().or(wishes::required);
        if (wished.isPresent()) {
            String name = wished.get();
            Optional<Candidate> candidate =
                    candidates.stream().filter(c -> c.name().equals(name)).findFirst();
            if (candidate.isEmpty()) {
                return Optional.of(unknownName(name, candidates));
            }
            if (candidate.get().kernel().isEmpty()) {
                return Optional.of(
                        "kernel " + name + " is not usable: " + candidate.get().why());
            }
        }
        Set<String> others = new TreeSet<>(best.values());
        wishes.required().ifPresent(others::remove);
        Optional<String> required = wishes.required();
        if (required.isPresent() && !others.isEmpty()) {
            return Optional.of("kernel " + required.get() + " is required, but "
                    + String.join(" and ", others)
                    + (wishes.forced().isPresent()
                            ? " is forced; ask for one of them only"
                            : (others.size() == 1 ? " is" : " are") + " selected"
                                    + (best.containsValue(required.get()) ? " for some operations" : "")
                                    + "; force " + required.get() + " to select it"));
        }
        return best.isEmpty() ? Optional.of("no kernel is usable") : Optional.empty();
    }

    /** What to tell a user who typed a name that no candidate has. */
    public static String unknownName(String typed, List<Candidate> candidates) {
        List<String> names = candidates.stream().map(Candidate::name).toList();
        List<String> nearest = Spelling.nearest(typed, names);
        return "no kernel is called '" + typed + "'; "
                + (nearest.isEmpty()
                        ? (names.isEmpty() ? "none was found" : "there are: " + String.join(", ", names))
                        : "did you mean " + String.join(" or ", nearest) + "?");
    }
}
