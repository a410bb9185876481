package io.qk256.spi.selection;

import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import io.qk256.spi.parallel.CompositeKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The outcome of a selection.
 *
 * @param cpu the CPU that was selected for
 * @param jvm the JVM that was selected for
 * @param candidates every provider that was found: the selected one first, then by state and rank
 * @param problem why the user's wishes could not be met, with what to do
 * @param measurement what the ranking follows, if it was measured; otherwise it follows the declared ranks
 * @param best the name of the selected candidate for each operation; empty if none is selected
 * @param doubt says why a measurement that was asked for is not believed, so that the ranking follows the declared ranks
 */
public record Selection(
        CpuFeatures cpu,
        Jvm jvm,
        List<Candidate> candidates,
        Optional<String> problem,
        Optional<Measurement> measurement,
        Map<Operation, String> best,
        Optional<String> doubt) {

    /** In a warning, which is one line. */
    private static final int MAX_NAMES = 9;

    /** A selection. */
    public Selection {
        candidates = List.copyOf(candidates);
        best = Map.copyOf(best);
    }

    /** A selection without doubts. */
    public Selection(
            CpuFeatures cpu,
            Jvm jvm,
            List<Candidate> candidates,
            Optional<String> problem,
            Optional<Measurement> measurement,
            Map<Operation, String> best) {
        this(cpu, jvm, candidates, problem, measurement, best, Optional.empty());
    }

    /**
     * What a user should know though a kernel was selected, one line each: plugins that were rejected, a measurement that is
     * not believed.
     */
    public List<String> warnings() {
        return warnings(Candidate::why);
    }

    /**
     * The same in a program's own words.
     *
     * @param reason why a plugin was rejected, in one line; a program can add its words for the {@linkplain Candidate#remedy
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
     * The selected candidate; empty if nothing is usable, or the forced one is not. If another kernel is required, it is
     * here nevertheless, for reports; {@link #problem} tells. After a measurement several can be selected, each for some
     * operations; this is the one of the highest rank, and {@link #selected(Operation)} gives each.
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

    /** The candidate of that name. */
    public Optional<Candidate> candidate(String name) {
        return candidates.stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst();
    }

    /**
     * The selected kernel; if different ones are selected for different operations, a {@link CompositeKernel} of them.
     *
     * @throws IllegalStateException if there is none, or a wish could not be met; the message gives every candidate's
     *     reason
     */
    public Kernel kernel() {
        Kernel dequantize = kernel(Operation.DEQUANTIZE);
        Kernel gemvF32 = kernel(Operation.GEMV_F32);
        Kernel gemvI8 = kernel(Operation.GEMV_I8);
        Kernel gemm = kernel(Operation.GEMM_I8);
        return best.values().stream().distinct().count() == 1
                ? dequantize
                : new CompositeKernel(dequantize, gemvF32, gemvI8, gemm);
    }

    private Kernel kernel(Operation operation) {
        return selected(operation)
                .filter(candidate -> problem.isEmpty())
                .flatMap(Candidate::kernel)
                .orElseThrow(() -> new IllegalStateException(explanation()));
    }

    private String explanation() {
        StringBuilder text = new StringBuilder("no kernel can be had");
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
