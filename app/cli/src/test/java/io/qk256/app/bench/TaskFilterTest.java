package io.qk256.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.support.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskFilterTest {

    private static final List<String> ALL = List.of("all");

    private static List<String> tasks(List<String> operations, List<String> shapes, List<String> modes) {
        return new TaskFilter(operations, shapes, List.of("1"), modes, List.of("1"))
                .tasks().stream().map(BenchTask::argument).toList();
    }

    @Test
    void shapesFindTheirOperations() {
        assertThat(tasks(ALL, List.of("64", "8x512"), ALL))
                .containsExactly("dequantize:64:1:warm:1", "gemv-f32:8x512:1:warm:1", "gemv-i8:8x512:1:warm:1");
    }

    @Test
    void onlyBigMatricesAreMeasuredCold() {
        assertThat(tasks(List.of("gemv-i8"), List.of("1024x1024", "1024x1023", "1023x1024"), List.of("cold")))
                .containsExactly("gemv-i8:1024x1024:1:cold:1", "gemv-i8:1024x1023:1:cold:1");
    }

    @Test
    void groupsHaveScales() {
        List<String> shapes = List.of("1024x1000-g64", "8x8-g128");
        List<BenchTask> tasks =
                new TaskFilter(List.of("gemv-i8"), shapes, List.of("1"), List.of("warm"), List.of("1")).tasks();
        assertThat(tasks).extracting(BenchTask::bytes).containsExactly(1024L * (256 + 16 * 2), 8L * (64 + 2));
        assertThat(tasks).extracting(BenchTask::weights).containsExactly(1024L * 1000, 64L);
    }

    @Test
    void onlyGemmTakesSeveralColumns() {
        assertThat(new TaskFilter(ALL, List.of("64", "8x512"), List.of("1", "7"), ALL, List.of("1")).tasks())
                .extracting(BenchTask::argument)
                .containsExactly(
                        "dequantize:64:1:warm:1",
                        "gemv-f32:8x512:1:warm:1",
                        "gemv-i8:8x512:1:warm:1",
                        "gemm-i8:8x512:7:warm:1");
    }

    @Test
    void weightsOf8BitsAreForGemmQ8Alone() {
        List<String> shapes = List.of("100x70-q8", "100x70-q8-i16", "8x512");
        List<BenchTask> tasks = new TaskFilter(ALL, shapes, List.of("1", "2"), List.of("warm"), List.of("1")).tasks();
        assertThat(tasks)
                .extracting(BenchTask::argument)
                .containsExactly(
                        "gemv-f32:8x512:1:warm:1",
                        "gemv-i8:8x512:1:warm:1",
                        "gemm-i8:8x512:2:warm:1",
                        "gemm-q8:100x70-q8:1:warm:1",
                        "gemm-q8:100x70-q8:2:warm:1",
                        "gemm-q8:100x70-q8-i16:1:warm:1",
                        "gemm-q8:100x70-q8-i16:2:warm:1");
        assertThat(tasks.get(3).bytes()).isEqualTo(7 * 3 * (512 + 32));
        assertThat(tasks.get(5).bytes()).isEqualTo(tasks.get(3).bytes());
        assertThat(tasks.get(4).weights()).isEqualTo(2 * 100 * 70);
        assertThat(tasks.get(6).weights()).isEqualTo(2 * 100 * 70);
    }

    @Test
    void onlyBigMatricesAreSharedByThreads() {
        List<String> shapes = List.of("64", "8x512", "2560x2560");
        assertThat(new TaskFilter(ALL, shapes, List.of("1"), List.of("warm"), List.of("2")).tasks())
                .extracting(BenchTask::argument)
                .containsExactly("gemv-f32:2560x2560:1:warm:2", "gemv-i8:2560x2560:1:warm:2");
    }

    @Test
    void allIsEverything() {
        assertThat(tasks(ALL, ALL, ALL)).hasSize(8 + 2 * (7 + 5) + 4).doesNotHaveDuplicates();
        int cpus = Runtime.getRuntime().availableProcessors();
        assertThat(new TaskFilter(ALL, ALL, ALL, ALL, List.of("1", "3")).tasks())
                .hasSize(8 + 4 * (7 + 5) + 4 * (5 + 5) + 24);
        assertThat(new TaskFilter(ALL, List.of("2560x2560"), ALL, ALL, ALL).tasks())
                .extracting(BenchTask::threads)
                .containsOnly(cpus);
    }

    @ParameterizedTest
    @CsvSource({
        "gemm, 1024, 1, warm, 1, operation: 'gemm'",
        "gemm-i8, 8x512, 1, warm, 1, nothing to measure",
        "gemv-i8, 8x512, 2, warm, 1, nothing to measure",
        "all, 1024x, 1, warm, 1, shape: '1024x'",
        "all, 0, 1, warm, 1, shape: '0'",
        "all, 8x8-g32, 1, warm, 1, shape: '8x8-g32'",
        "all, 8-g64, 1, warm, 1, shape: '8-g64'",
        "all, 8x8-array, 1, warm, 1, shape: '8x8-array'",
        "all, 99999x99999, 1, warm, 1, shape: 99999x99999 has 9999800001 weights",
        "all, 1024, 1, lukewarm, 1, mode: 'lukewarm'",
        "all, 1024, 1, warm, 0, threads: '0'",
        "all, 1024, 1, warm, many, threads: 'many'",
        "all, 1024, 1, warm, 1025, threads: '1025'",
        "all, 8x512, 0, warm, 1, columns: '0'",
        "all, 8x512, 1025, warm, 1, columns: '1025'",
        "gemv-f32, 8x512, 2, warm, 1, nothing to measure",
        "dequantize, 1024, 1, warm, 2, nothing to measure",
        "dequantize, 2560x2560, 1, warm, 1, nothing to measure",
        "all, 8x512, 1, cold, 1, nothing to measure",
    })
    void wrongWishesAreAnswered(
            String operation, String shape, String columns, String mode, String threads, String message) {
        TaskFilter filter =
                new TaskFilter(List.of(operation), List.of(shape), List.of(columns), List.of(mode), List.of(threads));
        assertThatThrownBy(filter::tasks).isInstanceOf(UserError.class).hasMessageContaining(message);
    }
}
