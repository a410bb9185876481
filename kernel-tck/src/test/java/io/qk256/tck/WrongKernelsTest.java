package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.tck.WrongKernels.Wrong;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each wrong kernel is caught by the rule meant for it, and by all that {@code WRONG-KERNELS.md} lists.
 * {@code -Dqk256.tck.matrix=full} also checks, within some minutes, that no other rule catches it, and {@code =update}
 * writes the file anew.
 */
class WrongKernelsTest {

    private static final String SWITCH = System.getProperty("qk256.tck.matrix", "");

    static List<Wrong> wrongKernels() {
        return WrongKernels.all();
    }

    @ParameterizedTest
    @MethodSource("wrongKernels")
    void isCaughtByItsRules(Wrong wrong) throws IOException {
        List<Rule> listed =
                SWITCH.equals("update") ? List.of(ruleOf(wrong)) : Matrix.read().rulesOf(wrong.name());
        assertThat(listed).contains(ruleOf(wrong));

        Verdict verdict = Verdict.of(wrong.provider(), listed);

        assertThat(verdict.broken()).containsExactlyElementsOf(listed);
        assertThat(verdict.failed())
                .allSatisfy((test, message) -> assertThat(message.replaceFirst("^\\s*\\[", "")) // AssertJ's bracket
                        .startsWith(wrong.name() + ": " + test.replaceFirst(",.*", "") + ": ")
                        .contains("expected"));
    }

    @Test
    void theMatrixListsThemAllAndNoOther() throws IOException {
        if (SWITCH.isEmpty()) {
            assertThat(Matrix.read().names()).containsExactlyElementsOf(Matrix.namesOfAll());
            assertThat(Matrix.read().text()).isEqualTo(Matrix.file());
            return;
        }
        List<Matrix.Row> rows = new ArrayList<>();
        for (Wrong wrong : WrongKernels.all()) {
            Verdict verdict = Verdict.of(wrong.provider(), Rules.all());
            rows.add(new Matrix.Row(wrong.name(), ruleOf(wrong), verdict.broken()));
        }
        rows.addAll(Matrix.outsideRows());
        Matrix matrix = new Matrix(rows);
        if (SWITCH.equals("update")) {
            matrix.write();
        }
        assertThat(Matrix.file()).isEqualTo(matrix.text());
    }

    private static Rule ruleOf(Wrong wrong) {
        return Matrix.rule(wrong.rule());
    }
}
