package io.qk256.tck.runner;

import io.qk256.tck.Rule;
import java.util.Locale;

/**
 * What became of a test.
 *
 * @param method its name in code
 * @param name its name in reports
 * @param rule the rule that it is of
 * @param outcome what became of it
 * @param micros how long it took
 * @param message why it failed or was skipped
 */
record TestResult(String method, String name, Rule rule, Outcome outcome, long micros, String message) {

    enum Outcome {
        PASSED,
        FAILED,
        SKIPPED;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    TestResult as(Outcome newOutcome, String newMessage, long newMicros) {
        return new TestResult(method, name, rule, newOutcome, newMicros, newMessage);
    }
}
