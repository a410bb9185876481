package io.qk256.spi.selection;

import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.parallel.CompositeKernel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The outcome of a selection.
 *
 * @param cpu the CPU that was selected for
 * @param jvm the JVM that was selected for
 * @param candidates every provider that was found: the selected one first, then by state and rank
 * @param problem why the user's options could not be satisfied, and what to do
 * @param measurement the measurement behind the ranking; empty if the declared ranks decided
 * @param best the name of the selected candidate for each operation; empty if none is selected
 * @param doubt why a requested measurement is not reliable, so that the declared ranks decided
 * @param single whether the user forced or required a kernel, so that no other may compute anything
 */
public record Selection(
        CpuFeatures cpu,
        Jvm jvm,
        List<Candidate> candidates,
        Optional<String> problem,
        Optional<Measurement> measurement,
        Map<Operation, String> best,
        Optional<String> doubt,
        boolean single) {

    /** The operations that the base class has in plain Java, which is slow. */
    static final List<Operation> PLAIN_BY_DEFAULT = List.of(Operation.GEMM_Q8, Operation.GEMV_TRANSPOSED);

    /** A warning is a single line. */
    private static final int MAX_NAMES = 9;

    /** Creates a selection. */
    public Selection {
        candidates = List.copyOf(candidates);
        best = Map.copyOf(best);
    }

    /** Creates a selection without doubts. */
    public Selection(
            CpuFeatures cpu,
            Jvm jvm,
            List<Candidate> candidates,
            Optional<String> problem,
            Optional<Measurement> measurement,
            Map<Operation, String> best) {
        this(cpu, jvm, candidates, problem, measurement, best, Optional.empty(), false);
    }

    /**
     * Warnings for the user although a kernel was selected, one line each: rejected plugins, an unreliable
     * measurement.
     */
    public List<String> warnings() {
        return warnings(Candidate::why);
    }

    /**
     * The same warnings in a program's own words.
     *
     * @param reason why a plugin was rejected, in one line; a program can add text for the {@linkplain Candidate#remedy
     *     remedy}
     */
    public List<String> warnings(Function<Candidate, String> reason) {
        List<Candidate> rejected = candidates.stream()
                .filter(candidate -> candidate.artifact().plugin() && candidate.state() == Candidate.State.REJECTED)
                .toList();
        List<String> warnings = new ArrayList<>();
        if (rejected.size() == 1) {
            Candidate only = rejected.getFirst();
            warnings.add("plugin " + only.name() + " is not used: " + reason.apply(only));
        } else if (!rejected.isEmpty()) {
            Candidate first = rejected.getFirst();
            warnings.add(rejected.size() + " plugins are not used: " + first.name() + " (" + reason.apply(first) + ")"
                    + rejected.stream()
                            .skip(1)
                            .limit(MAX_NAMES)
                            .map(candidate -> ", " + candidate.name())
                            .collect(Collectors.joining())
                    + (rejected.size() > MAX_NAMES + 1 ? " and more" : ""));
        }
        doubt.ifPresent(warnings::add);
        return warnings;
    }

    /**
     * The selected candidate; empty if nothing is usable, or the forced kernel is not. If a different kernel is
     * required, the selected one is returned anyway, for reports, and {@link #problem} says so. After a measurement
     * several candidates can be selected, each for some operations; this is the one with the highest rank, and {@link
     * #selected(Operation)} returns each.
     */
    public Optional<Candidate> selected() {
        return candidates.stream()
                .filter(candidate -> candidate.state() == Candidate.State.SELECTED)
                .findFirst();
    }

    /** The selected candidate for an operation, under the same conditions. */
    public Optional<Candidate> selected(Operation operation) {
        return Optional.ofNullable(best.get(operation)).flatMap(this::candidate);
    }

    /** Returns the candidate with that name. */
    public Optional<Candidate> candidate(String name) {
        return candidates.stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst();
    }

    /**
     * Returns the selected kernel; if different ones are selected for different operations, a {@link CompositeKernel}
     * of them. If the selected kernel leaves an operation to plain Java, the best usable kernel that has code for it does
     * that, unless one was forced or required.
     *
     * @throws IllegalStateException if no kernel is selected, or the user's options could not be satisfied; the message
     *     gives every candidate's reason
     */
    public Kernel kernel() {
        Map<Operation, Kernel> kernels = new EnumMap<>(Operation.class);
        for (Operation operation : Operation.values()) {
            kernels.put(operation, kernel(operation));
        }
        for (Operation operation : PLAIN_BY_DEFAULT) {
            helper(operation).ifPresent(helper -> kernels.put(operation, helper));
        }
        return kernels.values().stream().distinct().count() == 1
                ? kernel(Operation.DEQUANTIZE)
                : new CompositeKernel(kernels);
    }

    private Kernel kernel(Operation operation) {
        return selected(operation)
                .filter(candidate -> problem.isEmpty())
                .flatMap(Candidate::kernel)
                .orElseThrow(() -> new IllegalStateException(explanation()));
    }

    /** Another kernel for an operation that the selected one has no code for. */
    private Optional<Kernel> helper(Operation operation) {
        return single || kernel(operation).hasOwn(operation)
                ? Optional.empty()
                : candidates.stream()
                        .flatMap(Selection::usable)
                        .filter(kernel -> kernel.hasOwn(operation))
                        .findFirst();
    }

    private static Stream<Kernel> usable(Candidate candidate) {
        boolean usable = candidate.state() == Candidate.State.USABLE || candidate.state() == Candidate.State.SELECTED;
        return usable ? candidate.kernel().stream() : Stream.empty();
    }

    private String explanation() {
        StringBuilder text = new StringBuilder("no kernel is available");
        problem.ifPresent(reason -> text.append(": ").append(reason));
        for (Candidate candidate : candidates) {
            text.append("\n  ").append(candidate.name()).append(": ").append(candidate.why());
        }
        if (candidates.isEmpty()) {
            text.append("; no provider was found on the module path");
        }
        return text.toString();
    }
}
