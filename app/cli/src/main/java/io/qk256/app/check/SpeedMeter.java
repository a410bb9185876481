package io.qk256.app.check;

import io.qk256.app.check.ProofReport.Speed;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.layout.Repack;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.util.Comparator;
import java.util.List;

/** Times the three operations on one matrix, just long enough to tell a fast kernel from a slow one. */
final class SpeedMeter {

    private static final long WARM_UP_NANOS = 80_000_000;
    private static final long MEASURED_NANOS = 120_000_000;

    /** A larger matrix would make the warm-up too short. */
    private static final long LARGEST_WEIGHTS = 1 << 25;

    private SpeedMeter() {}

    /** Measures on the largest tensor within the limit, or on the smallest if none is. */
    static Speed measure(Kernel kernel, List<GgufTensor> tensors) throws GgufException {
        GgufTensor tensor = tensors.stream()
                .filter(candidate -> weights(candidate) <= LARGEST_WEIGHTS)
                .max(Comparator.comparingLong(SpeedMeter::weights))
                .orElseGet(() -> tensors.stream()
                        .min(Comparator.comparingLong(SpeedMeter::weights))
                        .orElseThrow());
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            Activations x = Activations.random(arena, matrix.cols());
            F32Vector decoded = F32Vector.allocate(arena, weights(tensor));
            F32Vector y = F32Vector.allocate(arena, matrix.rows());
            return new Speed(
                    tensor.name() + ", " + matrix.rows() + "x" + matrix.cols(),
                    weightsPerSecond(matrix, () -> kernel.dequantize(matrix, decoded)),
                    weightsPerSecond(matrix, () -> kernel.gemv(matrix, x.floats(), y)),
                    weightsPerSecond(matrix, () -> kernel.gemv(matrix, x.integers(), y)));
        }
    }

    private static double weightsPerSecond(Qk256Matrix matrix, Runnable call) {
        repeat(call, WARM_UP_NANOS);
        return repeat(call, MEASURED_NANOS) * matrix.rows() * matrix.cols();
    }

    /** Repeats a call for at least this time and returns the calls per second. */
    private static double repeat(Runnable call, long nanos) {
        long start = System.nanoTime();
        long calls = 0;
        long elapsed;
        do {
            call.run();
            calls++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return calls * 1e9 / elapsed;
    }

    private static long weights(GgufTensor tensor) {
        return tensor.rows() * tensor.cols();
    }
}
