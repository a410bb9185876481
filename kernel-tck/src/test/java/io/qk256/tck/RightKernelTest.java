package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.tck.WrongKernels.Wrong;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RightKernelTest {

    /** That no kernel can break: the SPI itself does nothing for an empty range. */
    private static final Set<String> UNBREAKABLE = Set.of(Rules.EMPTY);

    @Test
    void passesEveryTestOfEveryRule() {
        Verdict verdict = Verdict.of(new PlainProvider("plain", new PlainKernel()), "");

        assertThat(verdict.failed()).isEmpty();
        assertThat(verdict.skipped()).isEmpty();
        assertThat(verdict.passed()).hasSizeGreaterThan(60);
        assertThat(verdict.passed())
                .as("every test is named after a rule")
                .allSatisfy(test -> assertThat(rules()).anyMatch(rule -> isOf(rule, test)));
        assertThat(rules())
                .as("every rule has a test")
                .allSatisfy(rule -> assertThat(verdict.passed()).anyMatch(test -> isOf(rule, test)));
    }

    @Test
    void everyRuleHasSomethingWrongToCatch() {
        Set<String> broken = Stream.concat(WrongKernels.all().stream().map(Wrong::rule), Stream.of(Rules.DETECTION))
                .collect(Collectors.toSet());
        broken.addAll(UNBREAKABLE);

        assertThat(broken).containsExactlyInAnyOrderElementsOf(rules());
    }

    private static boolean isOf(String rule, String test) {
        return test.equals(rule) || test.startsWith(rule + ",");
    }

    private static List<String> rules() {
        return Stream.of(Rules.class.getDeclaredFields())
                .map(RightKernelTest::text)
                .toList();
    }

    private static String text(Field field) {
        try {
            return (String) field.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}
