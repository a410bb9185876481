package io.qk256.tck.bench;

import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What is measured of every kernel, written {@code operation:shape:mode:threads}.
 *
 * @param operation {@code dequantize}, {@code gemv-f32}, {@code gemv-i8}; or a floor: {@code fill}, {@code read}
 * @param shape a {@link Shape}
 * @param mode {@code warm} or {@code cold}
 * @param threads each works on matrices of its own
 */
record Task(String operation, String shape, String mode, int threads) {

    private static final int PARTS = 4;

    static Task parse(String text) {
        List<String> parts = List.of(text.split(":", -1));
        if (parts.size() != PARTS) {
            throw new IllegalArgumentException("task: '" + text + "', expected operation:shape:mode:threads");
        }
        return new Task(parts.get(0), parts.get(1), parts.get(2), Integer.parseInt(parts.get(3)));
    }

    static Task of(BenchmarkParams params) {
        return new Task(
                params.getParam("operation"), params.getParam("shape"), params.getParam("mode"), params.getThreads());
    }

    /** What no kernel can be faster than: writing the output of a dequantisation, reading the weights of a product. */
    Task floor() {
        return operation.equals("dequantize")
                ? new Task("fill", shape.replace("-array", ""), mode, threads)
                : new Task("read", shape, mode, threads);
    }

    @Override
    public String toString() {
        return operation + ":" + shape + ":" + mode + ":" + threads;
    }
}
