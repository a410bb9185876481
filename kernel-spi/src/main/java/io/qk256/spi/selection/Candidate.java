package io.qk256.spi.selection;

import io.qk256.spi.Kernel;
import io.qk256.spi.support.PrintableText;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The outcome for one provider. Every text is a single line of bounded length without control characters, whatever the
 * provider returned.
 *
 * @param name the provider's name, or the label of its source if it did not return one
 * @param rank its rank, empty if it did not return one
 * @param artifact its module and file
 * @param steps the gates that it reached, in order; only the last one can be a failure
 * @param state its state
 * @param why one line: the reason for the state
 * @param warning a caveat about a candidate that passed: it was built for a newer minor version of the contract
 * @param remedy what to do about a rejection, if the selecting program can do something
 * @param kernel the opened kernel, if it is usable
 * @param failure the exception, if one was thrown; its methods may be the provider's own code, so print it with
 *     {@link #trace}
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

    /** Creates a candidate. */
    public Candidate {
        name = PrintableText.line(name, Reasons.MAX_NAME);
        steps = List.copyOf(steps);
        why = Reasons.oneLine(why);
        warning = warning.map(Reasons::oneLine);
    }

    /** The state of a candidate. */
    public enum State {
        /** It failed at a gate. */
        REJECTED,
        /** It is valid, but a newer version of it is used. */
        SUPERSEDED,
        /**
         * It passed the gates before {@link Gate#OPENED} but was not opened, because a better one was opened
         * already.
         */
        SKIPPED,
        /** It passed all gates and was not selected. */
        USABLE,
        /** It was selected. */
        SELECTED;

        /** The state's name in lower case. */
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

        /** Creates a step. */
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

    /** The stack trace of {@link #failure}, bounded and without control characters, whatever its methods do. */
    public Optional<String> trace() {
        return failure.map(thrown -> {
            BoundedText text = new BoundedText();
            try {
                thrown.printStackTrace(new PrintWriter(text));
            } catch (Throwable e) { // The exception's methods are foreign code, too.
                return Reasons.describe(thrown);
            }
            return text.toString();
        });
    }

    Candidate as(State newState, String newWhy) {
        return new Candidate(name, rank, artifact, steps, newState, newWhy, warning, remedy, kernel, failure);
    }
}
