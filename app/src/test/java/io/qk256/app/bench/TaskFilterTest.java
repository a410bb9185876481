package io.qk256.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskFilterTest {

    private static final List<String> ALL = List.of("all");

    private static List<String> tasks(List<String> operations, List<String> shapes, List<String> modes) {
        return new TaskFilter(operations, shapes, modes, List.of("1"))
                .tasks().stream().map(BenchTask::argument).toList();
    }

    @Test
    void shapesFindTheirOperations() {
        assertThat(tasks(ALL, List.of("64", "8x512"), ALL))
                .containsExactly("dequantize:64:warm:1", "gemv-f32:8x512:warm:1", "gemv-i8:8x512:warm:1");
    }

    @Test
    void onlyBigMatricesAreMeasuredCold() {
        assertThat(tasks(List.of("gemv-i8"), List.of("1024x1024", "1024x1023", "1023x1024"), List.of("cold")))
                .containsExactly("gemv-i8:1024x1024:cold:1", "gemv-i8:1024x1023:cold:1");
    }

    @Test
    void allIsEverything() {
        assertThat(tasks(ALL, ALL, ALL)).hasSize(8 + 2 * (6 + 4)).doesNotHaveDuplicates();
        assertThat(new TaskFilter(ALL, List.of("64"), ALL, ALL)
                        .tasks()
                        .getFirst()
                        .threads())
                .isEqualTo(Runtime.getRuntime().availableProcessors());
    }

    @ParameterizedTest
    @CsvSource({
        "gemm, 1024, warm, 1, operation: 'gemm'",
        "all, 1024x, warm, 1, shape: '1024x'",
        "all, 0, warm, 1, shape: '0'",
        "all, 8x8-array, warm, 1, shape: '8x8-array'",
        "all, 99999x99999, warm, 1, shape: 99999x99999 has 9999800001 weights",
        "all, 1024, lukewarm, 1, mode: 'lukewarm'",
        "all, 1024, warm, 0, threads: '0'",
        "all, 1024, warm, many, threads: 'many'",
        "dequantize, 2560x2560, warm, 1, nothing to measure",
        "all, 8x512, cold, 1, nothing to measure",
    })
    void wrongWishesAreAnswered(String operation, String shape, String mode, String threads, String message) {
        TaskFilter filter = new TaskFilter(List.of(operation), List.of(shape), List.of(mode), List.of(threads));
        assertThatThrownBy(filter::tasks)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
