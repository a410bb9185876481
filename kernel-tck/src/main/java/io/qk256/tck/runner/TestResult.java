package io.qk256.tck.runner;

import io.qk256.tck.Rule;
import java.util.Locale;

/**
 * The result of a test.
 *
 * @param method its method name
 * @param name its name in reports
 * @param rule the rule it belongs to
 * @param outcome the outcome
 * @param micros how long it took, in microseconds
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
