package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.tck.WrongKernels.Wrong;
import io.qk256.tck.runner.OutsideKernel;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RightKernelTest {

    /** The packaged TCK does the same with each packaged kernel, so the usual build skips this. */
    @Test
    void passesEveryTestOfEveryRule() {
        assumeTrue(
                System.getProperty("qk256.tests", "").equals("all"),
                "left to the packaged kit without -Dqk256.tests=all");
        Verdict verdict = Verdict.of(new PlainProvider("plain", new PlainKernel()), "");

        assertThat(verdict.failed()).isEmpty();
        assertThat(verdict.skipped()).isEmpty();
        assertThat(verdict.passed()).containsExactlyInAnyOrderElementsOf(Verdict.tests());
    }

    @Test
    void everyTestIsNamedAfterARuleAndEveryRuleHasATest() {
        List<String> tests = Verdict.tests();

        assertThat(tests)
                .hasSizeGreaterThan(60)
                .allSatisfy(test -> assertThat(Rules.all()).anyMatch(rule -> rule.isOf(test)));
        assertThat(Rules.all()).allSatisfy(rule -> assertThat(tests).anyMatch(rule::isOf));
    }

    @Test
    void everyRuleHasSomethingWrongToCatch() {
        Set<String> broken = Stream.concat(
                        WrongKernels.all().stream().map(Wrong::rule),
                        Stream.concat(OutsideKernel.all().stream(), OutsideKernel.ofAnUncheckedSpi().stream())
                                .map(OutsideKernel::rule))
                .collect(Collectors.toSet());

        assertThat(broken)
                .containsExactlyInAnyOrderElementsOf(
                        Rules.all().stream().map(Rule::toString).toList());
    }
}
