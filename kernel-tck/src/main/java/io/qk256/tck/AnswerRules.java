package io.qk256.tck;

import io.qk256.spi.support.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rule 41: tables, reports and logs show what a provider and its kernels say about themselves. */
interface AnswerRules extends RuleGroup {

    /** The kernel's description, and the provider's answers. */
    record Said(String description, Answers answers) {}

    @Test
    @DisplayName(Rules.STABLE_ANSWERS + ", the same each time")
    default void rule41StableAnswers() throws InterruptedException, ExecutionException {
        Said first = new Said(description(), kernel().answers());
        requireSame(first, ask(), "asked again after open()");
        FutureTask<List<Said>> elsewhere = new FutureTask<>(this::askAmidCalls);
        Thread.ofPlatform().start(elsewhere).join();
        elsewhere.get().forEach(again -> requireSame(first, again, "asked again on another thread"));
        askAmidCalls().forEach(again -> requireSame(first, again, "asked again after calls"));
    }

    private String description() {
        return kernel().description(Rules.STABLE_ANSWERS);
    }

    private Said ask() {
        String description = description();
        try {
            return new Said(description, Answers.of(kernel().provider()));
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    kernel().says(Rules.STABLE_ANSWERS) + "the provider, asked again: threw "
                            + PrintableText.line(String.valueOf(e)) + ", expected the answers that it gave before",
                    e);
        }
    }

    private List<Said> askAmidCalls() {
        List<Said> seen = new ArrayList<>();
        for (int time = 0; time < 20; time++) {
            kernel().trial(Rules.STABLE_ANSWERS, Problem.random(2, 300 + time, 41))
                    .run(OperationUnderTest.GEMV_F32);
            seen.add(ask());
        }
        return seen;
    }

    private void requireSame(Said first, Said again, String when) {
        requireSame("toString() of the kernel", first.description(), again.description(), when);
        requireSame("the provider", first.answers(), again.answers(), when);
    }

    private void requireSame(String what, Object first, Object again, String when) {
        if (!again.equals(first)) {
            throw new AssertionError(kernel().says(Rules.STABLE_ANSWERS) + what + ", " + when + ": seen '"
                    + PrintableText.line(again.toString()) + "', expected '" + PrintableText.line(first.toString())
                    + "' as at first");
        }
    }

    @Test
    @DisplayName(Rules.STABLE_ANSWERS + ", short and printable")
    default void rule41BoundedAnswers() {
        requireShort("toString() of the kernel", description());
        requireShort("name() of the provider", kernel().answers().name());
        requireShort("contractVersion() of the provider", kernel().answers().contractVersion());
    }

    private void requireShort(String what, String seen) {
        if (seen.isBlank() || !PrintableText.line(seen, Answers.MAX_CHARACTERS).equals(seen)) {
            throw new AssertionError(kernel().says(Rules.STABLE_ANSWERS) + what + ": seen '"
                    + PrintableText.line(seen, Answers.MAX_CHARACTERS) + "', expected one line of 1 to "
                    + Answers.MAX_CHARACTERS + " printable characters");
        }
    }
}
