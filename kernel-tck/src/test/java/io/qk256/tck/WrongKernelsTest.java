package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.tck.WrongKernels.Wrong;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WrongKernelsTest {

    static List<Wrong> wrongKernels() {
        return WrongKernels.all();
    }

    @ParameterizedTest
    @MethodSource("wrongKernels")
    void isCaughtByItsRule(Wrong wrong) {
        Verdict verdict = Verdict.of(new PlainProvider(wrong.name(), wrong.kernel()), wrong.rule());

        assertThat(verdict.failed()).isNotEmpty();
        assertThat(verdict.failed().values())
                .allSatisfy(message -> assertThat(message)
                        .startsWith(wrong.name() + ": " + wrong.rule() + ": ")
                        .contains("expected"));
    }
}
