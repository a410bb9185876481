package io.qk256.tck.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** A kernel that does not return is stopped, and found at the place where it hangs. */
class HangingKernelTest extends RunsTheKit {

    static final String NAME = "hangs";

    @Test
    void isStoppedAndFound() throws Exception {
        OutsideKernel kernel = OutsideKernel.all().stream()
                .filter(wrong -> wrong.name().equals(NAME))
                .findFirst()
                .orElseThrow();
        String rule = Integer.toString(number(kernel.rule()));

        Result result;
        int seconds = 4;
        do { // How soon the kernel gets to the point where it hangs depends on the machine.
            result = run(kernel, List.of("--rule", rule, "--time-limit", String.valueOf(seconds)));
            seconds *= 2;
        } while (!result.out().contains(kernel.says()) && seconds < 600);

        assertThat(result.exit()).as(result.out() + result.err()).isEqualTo(1);
        assertThat(result.out()).contains("outside: " + kernel.rule() + ": ").contains(kernel.says());
    }
}
