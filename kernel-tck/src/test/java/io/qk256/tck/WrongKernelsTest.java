package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.tck.WrongKernels.Wrong;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Every build checks that each wrong kernel is caught by the rule meant for it. {@code -Dqk256.tck.matrix=update}
 * rewrites {@code WRONG-KERNELS.md}; {@code =full} tests each wrong kernel against all rules, which takes an hour, and
 * writes {@code target/wrong-kernels-all-rules.md}.
 */
class WrongKernelsTest extends CatchesWrongKernels {

    private static final String SWITCH = System.getProperty("qk256.tck.matrix", "");

    /** Half of the work is done for the rules up to this one. */
    private static final int LAST_OF_EARLIER_RULES = 43;

    static List<Wrong> wrongKernels() {
        return WrongKernels.all().stream()
                .filter(WrongKernelsTest::isOfAnEarlierRule)
                .toList();
    }

    static boolean isOfAnEarlierRule(Wrong wrong) {
        return Matrix.rule(wrong.rule()).number() <= LAST_OF_EARLIER_RULES;
    }

    @Test
    void theFileListsThemAllAndNoOther() throws IOException {
        assumeTrue(
                NativeMischief.isKnown(), "some wrong kernels are for Linux on x86-64 only, and so is the whole list");
        if (SWITCH.equals("update")) {
            Files.writeString(Matrix.FILE, Matrix.text());
        }
        assertThat(Matrix.FILE).as("run with -Dqk256.tck.matrix=update").hasContent(Matrix.text());
    }

    @Test
    void allRulesOnAll() throws IOException {
        assumeTrue(SWITCH.equals("full"), "-Dqk256.tck.matrix=full was not given");
        Path file = Path.of("target", "wrong-kernels-all-rules.md");
        StringBuilder text =
                new StringBuilder("| wrong kernel | meant rule | caught by rules |\n| --- | --- | --- |\n");
        for (Wrong wrong : WrongKernels.all()) {
            List<Integer> broken = Verdict.of(wrong.provider(), Rules.all()).broken().stream()
                    .map(Rule::number)
                    .toList();
            Rule meant = Matrix.rule(wrong.rule());
            assertThat(broken).contains(meant.number());
            text.append("| %s | %d | %s |%n".formatted(wrong.name(), meant.number(), broken));
            Files.writeString(file, text);
        }
    }
}
