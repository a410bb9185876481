package io.qk256.tck.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanTest {

    private static final String[] ARGUMENTS = {
        "--rounds=2", "--kernel=a", "--kernel=b", "--task=gemv-f32:8x512:1:cold:2", "--task=gemm-i8:8x512:4:cold:2"
    };

    @Test
    void kernelsTakeTurnsBesideTheFloorAndTheSecondRoundIsInReverse() {
        Plan plan = Plan.parse(ARGUMENTS);
        assertThat(plan.round(0))
                .extracting(HarnessRun::toString)
                .containsExactly(
                        "read 8x512 cold, 2 threads",
                        "gemv-f32 8x512 cold, 2 threads, a",
                        "gemv-f32 8x512 cold, 2 threads, b",
                        "gemm-i8 8x512 x 4 columns cold, 2 threads, a",
                        "gemm-i8 8x512 x 4 columns cold, 2 threads, b");
        assertThat(plan.round(1)).isEqualTo(plan.round(0).reversed());
        assertThat(plan.runs()).hasSize(2 * 5);
    }

    @Test
    void theOtherJvmTakesTurnsWithEachKernel() {
        Plan plan = Plan.parse(
                "--rounds=2",
                "--kernel=a",
                "--kernel=b",
                "--task=dequantize:64:1:warm:1",
                "--against=-XX:-UseSuperWord");
        assertThat(plan.runs())
                .extracting(HarnessRun::toString)
                .containsExactly(
                        "fill 64 warm, 1 thread",
                        "dequantize 64 warm, 1 thread, a",
                        "dequantize 64 warm, 1 thread, a, the other",
                        "dequantize 64 warm, 1 thread, b",
                        "dequantize 64 warm, 1 thread, b, the other",
                        "dequantize 64 warm, 1 thread, b, the other",
                        "dequantize 64 warm, 1 thread, b",
                        "dequantize 64 warm, 1 thread, a, the other",
                        "dequantize 64 warm, 1 thread, a",
                        "fill 64 warm, 1 thread");
    }

    @Test
    void dequantizingToAnArrayHasTheFloorOfItsWeights() {
        assertThat(Task.parse("dequantize:1024-array:1:warm:1").floor()).isEqualTo(Task.parse("fill:1024:1:warm:1"));
    }

    @Test
    void shapes() {
        assertThat(Shape.parse("1024")).isEqualTo(new Shape(1, 1024, 0, false, false, false));
        assertThat(Shape.parse("1024-array")).isEqualTo(new Shape(1, 1024, 0, true, false, false));
        assertThat(Shape.parse("8x512")).isEqualTo(new Shape(8, 512, 0, false, false, false));
        assertThat(Shape.parse("8x512-g128")).isEqualTo(new Shape(8, 512, 128, false, false, false));
        assertThat(Shape.parse("8x512-q8")).isEqualTo(new Shape(8, 512, 0, false, true, false));
        assertThat(Shape.parse("8x512-q8-i16")).isEqualTo(new Shape(8, 512, 0, false, true, true));
        assertThatThrownBy(() -> Shape.parse("8y512")).hasMessageStartingWith("shape: '8y512', expected WEIGHTS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--task", "--tusk=1", "round=1", ""})
    void unknownArgumentsAreNamed(String argument) {
        assertThatThrownBy(() -> Plan.parse(argument)).hasMessageStartingWith("argument: '" + argument + "', expected");
    }
}
