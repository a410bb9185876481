package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Contract;
import io.qk256.tck.Rule.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** SPEC.md, the rules in code and the tests agree, and each rule says what it catches. */
class SpecificationTest {

    private static final Pattern RULE = Pattern.compile(
            "(?m)^\\*\\*Rule (\\d+) ([^*]+)\\*\\* \\((MUST|SHOULD)(, core)?\\)\\. \\S.*\\n(?:.+\\n)*?\\*Catches\\* \\S");

    private static String specification() throws IOException {
        return Files.readString(Path.of("..", "SPEC.md"));
    }

    @Test
    void specificationAndCodeHaveTheSameRulesAtTheSameLevels() throws IOException {
        List<Rule> written = RULE.matcher(specification())
                .results()
                .map(rule -> new Rule(Integer.parseInt(rule.group(1)), rule.group(2), Level.valueOf(rule.group(3))))
                .toList();

        assertThat(written).containsExactlyInAnyOrderElementsOf(Rules.all());
    }

    @Test
    void theCoreIsMarkedOnThePage() throws IOException {
        List<Integer> marked = RULE.matcher(specification())
                .results()
                .filter(rule -> rule.group(4) != null)
                .map(rule -> Integer.parseInt(rule.group(1)))
                .toList();

        assertThat(marked)
                .containsExactlyElementsOf(Rules.all().stream()
                        .filter(Rule::isCore)
                        .map(Rule::number)
                        .toList())
                .hasSize(12);
    }

    @Test
    void aNumberIsGivenOnce() {
        assertThat(Rules.all()).extracting(Rule::number).doesNotHaveDuplicates().isSorted();
    }

    @Test
    void everyTestHasTheNumberAndTheWordsOfItsRule() {
        assertThat(KernelContract.class.getMethods())
                .filteredOn(method -> method.isAnnotationPresent(Test.class))
                .hasSizeGreaterThan(70)
                .allSatisfy(method -> {
                    String name = method.getAnnotation(DisplayName.class).value();
                    assertThat(Rules.all())
                            .as(method.getName())
                            .filteredOn(rule -> rule.isOf(name))
                            .singleElement()
                            .satisfies(rule ->
                                    assertThat(method.getName()).startsWith("rule%02d".formatted(rule.number())));
                });
    }

    @Test
    void everyRuleHasATest() {
        assertThat(Rules.all())
                .allSatisfy(rule -> assertThat(Arrays.stream(KernelContract.class.getMethods())
                                .map(method -> method.getAnnotation(DisplayName.class)))
                        .anyMatch(name -> name != null && rule.isOf(name.value())));
    }

    @Test
    void specificationIsOfThisContract() throws IOException {
        assertThat(specification()).startsWith("# The contract of a kernel, version " + Contract.VERSION + "\n");
    }
}
