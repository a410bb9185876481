package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.tck.WrongKernels.Wrong;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each wrong kernel is caught by the rule meant for it. The subclasses share the kernels, so that two JVMs try them at once. */
abstract class CatchesWrongKernels {

    @AfterEach
    void giveBackWhatLeaked() throws IOException {
        WrongManners.giveBack();
    }

    /** Runs only this rule, up to its first failure, beginning with the test that caught the kernel before. */
    @ParameterizedTest
    @MethodSource("wrongKernels")
    void isCaughtByTheRuleMeantForIt(Wrong wrong) throws IOException {
        assumeTrue(NativeMischief.isKnown() || !WrongManners.isNative(wrong.name()), "needs Linux on x86-64");
        // Leaks of each call are found without waiting; ending threads need time, and so does what they leave behind.
        int rounds = wrong.name().endsWith("threads-that-ended") ? 5 : 2;
        String likely = CaughtBy.tests().getOrDefault(wrong.name(), "");
        Verdict verdict = ScopedValue.where(LeakSearch.OTHER_SETTLING_ROUNDS, rounds)
                .call(() -> Verdict.untilTheFirstFailure(wrong.provider(), Matrix.rule(wrong.rule()), likely));

        assertThat(verdict.failed())
                .as("%s", wrong)
                .hasSize(1)
                .allSatisfy((test, message) -> assertThat(message.replaceFirst("^\\s*\\[", "")) // AssertJ's bracket
                        .startsWith(wrong.name() + ": " + wrong.rule() + ": ")
                        .contains("expected"));
        if (System.getProperty("qk256.tck.matrix", "").equals("update")) {
            verdict.failed().keySet().forEach(test -> CaughtBy.update(wrong.name(), test));
        }
    }
}
