package io.qk256.spi.selection;

import io.qk256.spi.CpuFeatures;
import io.qk256.spi.Jvm;
import io.qk256.spi.Kernel;
import java.util.List;
import java.util.Optional;

/**
 * The outcome of a selection.
 *
 * @param cpu the CPU that was selected for
 * @param jvm the JVM that was selected for
 * @param candidates every provider that was found: the selected one first, then by state and rank
 * @param problem why the user's wishes could not be met, with what to do
 */
public record Selection(CpuFeatures cpu, Jvm jvm, List<Candidate> candidates, Optional<String> problem) {

    /** A selection. */
    public Selection {
        candidates = List.copyOf(candidates);
    }

    /**
     * The selected candidate; empty if nothing is usable, or the forced one is not. If another kernel is required, it is
     * here nevertheless, for reports; {@link #problem} tells.
     */
    public Optional<Candidate> selected() {
        return candidates.stream()
                .filter(candidate -> candidate.state() == Candidate.State.SELECTED)
                .findFirst();
    }

    /** The candidate of that name. */
    public Optional<Candidate> candidate(String name) {
        return candidates.stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst();
    }

    /**
     * The selected kernel.
     *
     * @throws IllegalStateException if there is none, or a wish could not be met; the message gives every candidate's
     *     reason
     */
    public Kernel kernel() {
        return selected()
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
