package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.tck.Rule;
import io.qk256.tck.Rule.Level;
import io.qk256.tck.runner.TestResult.Outcome;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RuleResultTest {

    private static final Rule MUST = new Rule(1, "one", Level.MUST);
    private static final Rule SHOULD = new Rule(2, "two", Level.SHOULD);

    private static RuleResult result(Rule rule, Outcome... outcomes) {
        List<TestResult> tests = Arrays.stream(outcomes)
                .map(outcome -> new TestResult("method", rule + ", a test", rule, outcome, 1500, "why " + outcome))
                .toList();
        return new RuleResult(rule, tests);
    }

    @Test
    void noTestIsNoPass() {
        RuleResult none = result(MUST);

        assertThat(none.outcome()).isEqualTo(Outcome.SKIPPED);
        assertThat(none.isBroken()).isTrue();
        assertThat(none.message()).contains("rule 1 one: no test of it ran");
    }

    @Test
    void aSkippedTestOfAMustBreaksIt() {
        assertThat(result(MUST, Outcome.PASSED, Outcome.SKIPPED).isBroken()).isTrue();
        assertThat(result(MUST, Outcome.PASSED, Outcome.PASSED).isBroken()).isFalse();
    }

    @Test
    void aShouldBreaksNothing() {
        assertThat(result(SHOULD, Outcome.FAILED).isBroken()).isFalse();
    }

    @Test
    void aFailureIsWorseThanASkip() {
        RuleResult mixed = result(MUST, Outcome.SKIPPED, Outcome.FAILED, Outcome.PASSED);

        assertThat(mixed.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(mixed.message()).contains("why FAILED");
        assertThat(mixed.millis()).isEqualTo(4);
    }
}
