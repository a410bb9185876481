package io.qk256.spi.selection;

import io.qk256.spi.CpuFeatures;
import io.qk256.spi.Jvm;
import io.qk256.spi.selection.Candidate.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
     * Selects a kernel.
     *
     * @param sources where providers were found
     * @param cpu what is known of the CPU
     * @param jvm what is known of the JVM
     * @param wishes what the user asks for
     */
    public static Selection select(List<KernelSource> sources, CpuFeatures cpu, Jvm jvm, Wishes wishes) {
        Set<String> names = new HashSet<>();
        List<Candidate> candidates = new ArrayList<>();
        for (KernelSource source : sources) {
            candidates.add(new Examination(source, cpu, jvm, wishes, names).run());
        }
        candidates.sort(ORDER);
        Optional<Candidate> best = candidates.stream()
                .filter(candidate -> candidate.state() == State.USABLE)
                .filter(candidate ->
                        wishes.forced().map(candidate.name()::equals).orElse(true))
                .findFirst();
        Optional<String> problem = problem(wishes, candidates, best);
        if (best.isPresent()) {
            candidates.replaceAll(candidate -> placed(candidate, best.get(), wishes));
            candidates.sort(ORDER);
        }
        return new Selection(cpu, jvm, candidates, problem);
    }

    private static Candidate placed(Candidate candidate, Candidate winner, Wishes wishes) {
        if (candidate.state() != State.USABLE) {
            return candidate;
        }
        boolean forced = wishes.forced().isPresent();
        if (candidate.name().equals(winner.name())) {
            return candidate.as(State.SELECTED, forced ? "forced" : "highest rank of the usable kernels");
        }
        return candidate.as(State.USABLE, forced ? winner.name() + " was forced" : "outranked by " + winner.name());
    }

    private static Optional<String> problem(Wishes wishes, List<Candidate> candidates, Optional<Candidate> best) {
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
        Optional<String> required = wishes.required();
        if (required.isPresent() && best.isPresent() && !best.get().name().equals(required.get())) {
            return Optional.of("kernel " + required.get() + " is required, but "
                    + best.get().name()
                    + (wishes.forced().isPresent()
                            ? " is forced; ask for one of them only"
                            : " is selected; force " + required.get() + " to select it"));
        }
        return best.isPresent() ? Optional.empty() : Optional.of("no kernel is usable");
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
