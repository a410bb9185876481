package io.qk256.tck.bench;

import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What is measured for every kernel, written {@code operation:shape:columns:mode:threads}.
 *
 * @param operation {@code dequantize}, {@code gemv-f32}, {@code gemv-i8}, {@code gemm-i8}, {@code gemm-q8}; or a floor: {@code fill}, {@code read}
 * @param shape a {@link Shape}
 * @param columns activation vectors that one call multiplies
 * @param mode {@code warm} or {@code cold}
 * @param threads number of threads that share the rows of one matrix
 */
record Task(String operation, String shape, int columns, String mode, int threads) {

    private static final int PARTS = 5;

    static Task parse(String text) {
        List<String> parts = List.of(text.split(":", -1));
        if (parts.size() != PARTS) {
            throw new IllegalArgumentException("task: '" + text + "', expected operation:shape:columns:mode:threads");
        }
        return new Task(
                parts.get(0),
                parts.get(1),
                Integer.parseInt(parts.get(2)),
                parts.get(3),
                Integer.parseInt(parts.get(4)));
    }

    static Task of(BenchmarkParams params) {
        return new Task(
                params.getParam("operation"),
                params.getParam("shape"),
                Integer.parseInt(params.getParam("columns")),
                params.getParam("mode"),
                Integer.parseInt(params.getParam("threads")));
    }

    /** The time that no kernel can beat: writing the output of dequantize, or reading the weights of a GEMV or GEMM. */
    Task floor() {
        return operation.equals("dequantize")
                ? new Task("fill", shape.replace("-array", ""), 1, mode, threads)
                : new Task("read", shape, 1, mode, threads);
    }

    @Override
    public String toString() {
        return operation + ":" + shape + ":" + columns + ":" + mode + ":" + threads;
    }
}
