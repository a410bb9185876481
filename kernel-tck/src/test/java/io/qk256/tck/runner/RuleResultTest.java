package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.tck.Rule;
import io.qk256.tck.Rule.Level;
import io.qk256.tck.runner.TestResult.Outcome;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RuleResultTest {

    private static final Rule REQUIRED = new Rule(1, "one", Level.REQUIRED);
    private static final Rule OPTIONAL = new Rule(2, "two", Level.OPTIONAL);

    private static RuleResult result(Rule rule, Outcome... outcomes) {
        List<TestResult> tests = Arrays.stream(outcomes)
                .map(outcome -> new TestResult("method", rule + ", a test", rule, outcome, 1500, "why " + outcome))
                .toList();
        return new RuleResult(rule, tests);
    }

    @Test
    void noTestIsNoPass() {
        RuleResult none = result(REQUIRED);

        assertThat(none.outcome()).isEqualTo(Outcome.SKIPPED);
        assertThat(none.isBroken()).isTrue();
        assertThat(none.message()).contains("rule 1 one: no test of it ran");
    }

    @Test
    void aSkippedTestOfARequiredRuleBreaksIt() {
        assertThat(result(REQUIRED, Outcome.PASSED, Outcome.SKIPPED).isBroken()).isTrue();
        assertThat(result(REQUIRED, Outcome.PASSED, Outcome.PASSED).isBroken()).isFalse();
    }

    @Test
    void anOptionalRuleBreaksNothing() {
        assertThat(result(OPTIONAL, Outcome.FAILED).isBroken()).isFalse();
    }

    @Test
    void aFailureIsWorseThanASkip() {
        RuleResult mixed = result(REQUIRED, Outcome.SKIPPED, Outcome.FAILED, Outcome.PASSED);

        assertThat(mixed.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(mixed.message()).contains("why FAILED");
        assertThat(mixed.millis()).isEqualTo(4);
    }
}
