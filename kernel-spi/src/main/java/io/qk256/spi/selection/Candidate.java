package io.qk256.spi.selection;

import io.qk256.spi.Kernel;
import io.qk256.spi.support.PrintableText;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What became of one provider. All text is one line each, of bounded length, and without control characters, whatever the
 * provider said.
 *
 * @param name the provider's name, or the label of its source if it never told one
 * @param rank its rank, absent if it never told one
 * @param artifact its module and file
 * @param steps the gates that it reached, in order; only the last can be a failure
 * @param state where it stands
 * @param why one line: the reason for the state
 * @param warning what to know of a candidate though it passed: it was built for a newer minor version of the contract
 * @param remedy what to do about a rejection, where that is up to the program that selects
 * @param kernel the opened kernel, if it is usable
 * @param failure what was thrown, if anything was; its methods may be the provider's own code, so show it by {@link #trace}
 */
public record Candidate(
        String name,
        Optional<Integer> rank,
        Artifact artifact,
        List<Step> steps,
        State state,
        String why,
        Optional<String> warning,
        Optional<Remedy> remedy,
        Optional<Kernel> kernel,
        Optional<Throwable> failure) {

    /** A candidate. */
    public Candidate {
        name = PrintableText.line(name, Reasons.MAX_NAME);
        steps = List.copyOf(steps);
        why = Reasons.oneLine(why);
        warning = warning.map(Reasons::oneLine);
    }

    /** Where a candidate stands. */
    public enum State {
        /** It failed at a gate. */
        REJECTED,
        /** It is sound, but a newer version of it is used. */
        SUPERSEDED,
        /** It passed the gates before {@link Gate#OPENED}, and was not opened: one that was opened already is better. */
        SKIPPED,
        /** It passed all gates, and was not selected. */
        USABLE,
        /** It is the one. */
        SELECTED;

        /** The state in words. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A gate that the candidate reached.
     *
     * @param gate the gate
     * @param passed whether it passed
     * @param detail the value seen; for a failure also the value expected and what to do
     */
    public record Step(Gate gate, boolean passed, String detail) {

        /** A gate that was reached. */
        public Step {
            detail = Reasons.oneLine(detail);
        }
    }

    /** The name of its module, or "(class path)". */
    public String module() {
        return artifact.module();
    }

    /** The file that it comes from. */
    public String origin() {
        return artifact.origin();
    }

    /** The stack trace of the {@link #failure}: bounded, without control characters, and whatever its methods do. */
    public Optional<String> trace() {
        return failure.map(thrown -> {
            BoundedText text = new BoundedText();
            try {
                thrown.printStackTrace(new PrintWriter(text));
            } catch (Throwable e) { // Code of strangers, too.
                return Reasons.describe(thrown);
            }
            return text.toString();
        });
    }

    Candidate as(State newState, String newWhy) {
        return new Candidate(name, rank, artifact, steps, newState, newWhy, warning, remedy, kernel, failure);
    }
}
