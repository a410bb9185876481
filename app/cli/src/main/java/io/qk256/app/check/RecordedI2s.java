package io.qk256.app.check;

import io.qk256.app.check.ProofReport.Check;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.Repack;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Checks a kernel against data recorded from bitnet.cpp for an I2_S matrix: packed bytes, its AVX2 kernel's sums, products. */
final class RecordedI2s {

    private static final int ROWS = 32;
    private static final int COLS = 2560;
    private static final int VECTORS = 3;

    /** The scale of the weights before packing. */
    private static final float SCALE = 1.2121199f;

    private final Kernel kernel;
    private final MemorySegment packed;
    private final MemorySegment weights;
    private final MemorySegment activations;
    private final float[] activationScales = Resources.floats("i2s_32x2560.act_scale.f32");
    private final int[] activationSums = Resources.ints("i2s_32x2560.act_sum.i32");
    private final int[] codeSums = Resources.ints("i2s_32x2560.rawdot.i32");
    private final float[] products = Resources.floats("i2s_32x2560.y_perelem.f32");
    private final Tally tally = new Tally("I2_S, recorded from bitnet.cpp", ROWS + "x" + COLS);

    private RecordedI2s(Kernel kernel, Arena arena) {
        this.kernel = kernel;
        this.packed = Resources.bytes("i2s_32x2560.packed.bin", arena);
        this.weights = Resources.bytes("i2s_32x2560.ternary.i8", arena);
        this.activations = Resources.bytes("i2s_32x2560.act.i8", arena);
    }

    static Check check(Kernel kernel) throws GgufException {
        try (Arena arena = Arena.ofConfined()) {
            return new RecordedI2s(kernel, arena).check(arena);
        }
    }

    private Check check(Arena arena) throws GgufException {
        GgufTensor tensor = new GgufTensor(
                "recorded data", "i2s_32x2560", TensorType.I2_S, List.of((long) COLS, (long) ROWS), packed);
        Qk256Matrix matrix = Repack.repack(tensor, arena);
        F32Vector[] floats = new F32Vector[VECTORS];
        for (int vector = 0; vector < VECTORS; vector++) {
            I8Vector q = I8Vector.of(values(vector), activationScales[vector]);
            integers(matrix, vector, q);
            floats[vector] = Activations.of(arena, q).floats();
        }
        new Comparison(kernel, matrix, tally).floats(this::row, floats);
        return tally.check();
    }

    private void integers(Qk256Matrix matrix, int vector, I8Vector q) {
        float[] sums = new float[ROWS];
        float[] expected = new float[ROWS];
        for (int row = 0; row < ROWS; row++) {
            int at = vector * ROWS + row;
            // bitnet.cpp multiplies the codes 0, 1, 2, which are the weights plus one.
            sums[row] = codeSums[at] - activationSums[vector];
            expected[row] = products[at];
        }
        new Comparison(kernel, matrix.withTensorScale(1), tally)
                .integers("int8 sum, vector " + vector, I8Vector.of(values(vector), 1), sums);
        new Comparison(kernel, matrix, tally).integers("gemv-i8, vector " + vector, q, expected);
    }

    private MemorySegment values(int vector) {
        return activations.asSlice((long) vector * COLS, COLS);
    }

    private void row(int row, float[] out) {
        for (int col = 0; col < COLS; col++) {
            out[col] = weights.get(ValueLayout.JAVA_BYTE, (long) row * COLS + col) * SCALE;
        }
    }
}
