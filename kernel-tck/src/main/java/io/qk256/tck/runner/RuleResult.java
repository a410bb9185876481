package io.qk256.tck.runner;

import io.qk256.tck.Rule;
import io.qk256.tck.Rule.Level;
import io.qk256.tck.runner.TestResult.Outcome;
import java.util.List;
import java.util.Optional;

/**
 * The result of a rule.
 *
 * @param rule the rule
 * @param tests its tests
 */
record RuleResult(Rule rule, List<TestResult> tests) {

    /** Passed if there is at least one test and all of them have passed. */
    Outcome outcome() {
        if (has(Outcome.FAILED)) {
            return Outcome.FAILED;
        }
        return tests.isEmpty() || has(Outcome.SKIPPED) ? Outcome.SKIPPED : Outcome.PASSED;
    }

    /** Whether this rule disqualifies the kernel. */
    boolean isBroken() {
        return rule.level() == Level.MUST && outcome() != Outcome.PASSED;
    }

    private boolean has(Outcome outcome) {
        return tests.stream().anyMatch(test -> test.outcome() == outcome);
    }

    long millis() {
        return tests.stream().mapToLong(TestResult::micros).sum() / 1000;
    }

    /** Why it has not passed: the first message of the tests with the worst outcome. */
    Optional<String> message() {
        Outcome worst = outcome();
        if (worst == Outcome.PASSED) {
            return Optional.empty();
        }
        return tests.stream()
                .filter(test -> test.outcome() == worst)
                .map(TestResult::message)
                .findFirst()
                .or(() -> Optional.of(rule + ": no test of it ran"));
    }
}
