package io.qk256.spi.selection;

import io.qk256.spi.Operation;
import io.qk256.spi.selection.Candidate.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Takes every candidate through the {@linkplain Gate gates} and selects the usable one with the highest rank. A
 * provider that throws is rejected; nothing else is affected. Stateless and thread-safe.
 */
public final class KernelSelector {

    /** The selected one first, then usable, unopened and rejected ones; each group by descending rank. */
    private static final Comparator<Candidate> ORDER = Comparator.comparing(Candidate::state, Comparator.reverseOrder())
            .thenComparing(candidate -> candidate.rank().orElse(Integer.MIN_VALUE), Comparator.reverseOrder())
            .thenComparing(Candidate::name);

    private static final Comparator<Examination> BY_RANK =
            Comparator.comparing(Examination::rank, Comparator.reverseOrder()).thenComparing(Examination::name);

    private KernelSelector() {}

    /** Selects among all kernels that are found, for the running JVM, without options. */
    public static Selection select(CpuFeatures cpu) {
        return select(KernelSource.find(), cpu, Jvm.current(), SelectionOptions.NONE);
    }

    /**
     * Selects a kernel by the declared ranks.
     *
     * @param sources the providers that were found
     * @param cpu what is known about the CPU
     * @param jvm what is known about the JVM
     * @param wishes the user's options
     */
    public static Selection select(List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, SelectionOptions wishes) {
        return select(sources, cpu, jvm, wishes, KernelSelector::unmeasured, false);
    }

    /**
     * Selects the same kernel in less time: once it is found, no kernel of a lower rank is opened, and if one is
     * forced, no other kernel is. Unopened kernels are {@linkplain State#SKIPPED skipped}. For programs that need a
     * kernel but no report on all of them.
     *
     * @param sources the providers that were found
     * @param cpu what is known about the CPU
     * @param jvm what is known about the JVM
     * @param wishes the user's options
     */
    public static Selection selectFirst(List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, SelectionOptions wishes) {
        return select(sources, cpu, jvm, wishes, KernelSelector::unmeasured, true);
    }

    /**
     * Selects a kernel for each operation by measurement, or by the declared ranks if the measurement is {@linkplain
     * Selection#doubt not reliable}.
     *
     * @param sources the providers that were found
     * @param cpu what is known about the CPU
     * @param jvm what is known about the JVM
     * @param wishes the user's options; a required kernel must be the best at every operation
     * @param calibration measures the kernels
     * @throws IllegalArgumentException if the user forces a kernel, because then there is nothing to rank
     */
    public static Selection select(
            List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, SelectionOptions wishes, Calibration calibration) {
        return select(sources, cpu, jvm, wishes, calibration, Ticks.SYSTEM);
    }

    static Selection select(
            List<KernelSource> sources,
            CpuFeatures cpu,
            Jvm jvm,
            SelectionOptions wishes,
            Calibration calibration,
            Ticks ticks) {
        if (wishes.forced().isPresent()) {
            throw new IllegalArgumentException("kernel " + wishes.forced().get()
                    + " is forced, so there is nothing to rank by measurement; ask for one of them only");
        }
        return select(sources, cpu, jvm, wishes, usable -> calibration.measure(usable, cpu, ticks), false);
    }

    private static Selection select(
            List<KernelSource> sources,
            CpuFeatures cpu,
            Jvm jvm,
            SelectionOptions wishes,
            Function<List<Candidate>, Calibration.Outcome> measuring,
            boolean firstOnly) {
        List<Candidate> candidates = examine(sources, cpu, jvm, wishes, firstOnly);
        candidates.sort(ORDER);
        List<Candidate> usable = candidates.stream()
                .filter(candidate -> candidate.state() == State.USABLE)
                .filter(candidate ->
                        wishes.forced().map(candidate.name()::equals).orElse(true))
                .toList();
        Calibration.Outcome measured = measuring.apply(usable);
        Optional<Measurement> measurement = measured.measurement();
        Map<Operation, String> best = best(usable, measurement);
        Optional<String> problem = problem(wishes, candidates, best);
        if (!best.isEmpty()) {
            Reason reason = new Reason(best, wishes.forced().isPresent(), measurement.isPresent());
            candidates.replaceAll(reason::placed);
            candidates.sort(ORDER);
        }
        boolean single = wishes.forced().isPresent() || wishes.required().isPresent();
        return new Selection(cpu, jvm, candidates, problem, measurement, best, measured.doubt(), single);
    }

    private static Calibration.Outcome unmeasured(List<Candidate> usable) {
        return new Calibration.Outcome(Optional.empty(), Optional.empty());
    }

    /** Examines all candidates; they are opened in descending rank. */
    private static List<Candidate> examine(
            List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, SelectionOptions wishes, boolean firstOnly) {
        Set<String> names = new HashSet<>();
        List<Examination> examinations = new ArrayList<>();
        for (KernelSource source : sources) {
            Examination examination = new Examination(source, cpu, jvm, wishes, names);
            examination.present();
            examinations.add(examination);
        }
        examinations.sort(BY_RANK);
        Optional<String> first = Optional.empty();
        Set<Operation> plain = EnumSet.copyOf(Selection.PLAIN_BY_DEFAULT);
        for (Examination examination : examinations) {
            if (!examination.isPresent()) {
                continue;
            }
            Optional<String> hopeless =
                    firstOnly ? hopeless(examination.name(), wishes, first, plain.isEmpty()) : Optional.empty();
            if (hopeless.isPresent()) {
                examination.leave(hopeless.get() + ", so it was not opened");
                continue;
            }
            examination.open();
            if (examination.outcome().state() == State.USABLE) {
                first = first.or(() -> Optional.of(examination.name()));
                plain.removeIf(examination.outcome().kernel().orElseThrow()::hasOwn);
            }
        }
        return examinations.stream().map(Examination::outcome).collect(Collectors.toCollection(ArrayList::new));
    }

    /**
     * Why a kernel cannot be selected. The required one is opened anyway, so that a report can show the outcome; and as
     * long as no kernel has code for some operation, the next one may have it.
     */
    private static Optional<String> hopeless(
            String name, SelectionOptions wishes, Optional<String> first, boolean complete) {
        if (wishes.required().filter(name::equals).isPresent()) {
            return Optional.empty();
        }
        return wishes.forced().isPresent()
                ? wishes.forced().filter(forced -> !forced.equals(name)).map(forced -> forced + " was forced")
                : first.filter(winner -> complete).map(winner -> "outranked by " + winner);
    }

    /** The best kernel by operation; by rank where nothing was measured or every kernel failed. */
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

    /** The reasons given for usable candidates. */
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

    private static Optional<String> problem(
            SelectionOptions wishes, List<Candidate> candidates, Map<Operation, String> best) {
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

    /** The message for a user who typed a name that no candidate has. */
    public static String unknownName(String typed, List<Candidate> candidates) {
        List<String> names = candidates.stream().map(Candidate::name).toList();
        List<String> nearest = Spelling.nearest(typed, names);
        return "no kernel is called '" + typed + "'; "
                + (nearest.isEmpty()
                        ? (names.isEmpty() ? "none was found" : "there are: " + String.join(", ", names))
                        : "did you mean " + String.join(" or ", nearest) + "?");
    }
}
