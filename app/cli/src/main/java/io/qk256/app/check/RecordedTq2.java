package io.qk256.app.check;

import io.qk256.app.check.ProofReport.Check;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.PlainDecoder;
import io.qk256.gguf.layout.Repack;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Checks a kernel against data recorded from ggml for a TQ2_0 matrix: packed bytes, decoded weights, and the exact sums of
 * each block with activations that ggml quantized to Q8_K.
 */
final class RecordedTq2 {

    private static final int ROWS = 64;
    private static final int COLS = 512;
    private static final int BLOCKS = COLS / Qk256.BLOCK_WEIGHTS;
    private static final int VECTORS = 4;

    /** A Q8_K block: an f32 scale, 256 values, sums. */
    private static final int Q8K_BYTES = 292;

    private static final int Q8K_VALUES_AT = 4;

    private final Kernel kernel;
    private final GgufTensor tensor;
    private final MemorySegment activations;
    private final float[] decoded = Resources.floats("tq2_0.dequant.f32");
    private final int[] sums = Resources.ints("tq2_0.block_isum.i32");
    private final Tally tally = new Tally("TQ2_0, recorded from ggml", ROWS + "x" + COLS);

    private RecordedTq2(Kernel kernel, Arena arena) {
        this.kernel = kernel;
        MemorySegment packed = Resources.bytes("tq2_0.blocks", arena);
        this.tensor =
                new GgufTensor("recorded data", "tq2_0", TensorType.TQ2_0, List.of((long) COLS, (long) ROWS), packed);
        this.activations = Resources.bytes("q8k.blocks", arena);
    }

    static Check check(Kernel kernel) throws GgufException {
        try (Arena arena = Arena.ofConfined()) {
            return new RecordedTq2(kernel, arena).check(arena);
        }
    }

    private Check check(Arena arena) throws GgufException {
        Qk256Matrix matrix = Repack.repack(tensor, arena);
        F32Vector[] floats = new F32Vector[VECTORS];
        for (int vector = 0; vector < VECTORS; vector++) {
            I8Vector q = I8Vector.allocate(arena, COLS);
            for (int block = 0; block < BLOCKS; block++) {
                MemorySegment values = values(vector, block);
                MemorySegment.copy(values, 0, q.segment(), (long) block * Qk256.BLOCK_WEIGHTS, values.byteSize());
                blockSums(matrix, vector, block);
            }
            products(matrix, vector, q);
            floats[vector] = Activations.of(arena, q).floats();
        }
        new Comparison(kernel, matrix, tally)
                .floats((row, weights) -> System.arraycopy(decoded, row * COLS, weights, 0, COLS), floats);
        return tally.check();
    }

    /** Checks one block of each row as a matrix of its own, whose row stride is that of the whole matrix. */
    private void blockSums(Qk256Matrix matrix, int vector, int block) {
        MemorySegment codes = matrix.codes().asSlice((long) block * Qk256.BLOCK_BYTES);
        Qk256Matrix blocks = Qk256Matrix.of(codes, ROWS, Qk256.BLOCK_WEIGHTS, matrix.codebook())
                .withRowStride(matrix.rowStride());
        float[] expected = new float[ROWS];
        for (int row = 0; row < ROWS; row++) {
            expected[row] = sum(vector, row, block);
        }
        new Comparison(kernel, blocks, tally)
                .integers(
                        "int8 sum, vector " + vector + ", block " + block,
                        I8Vector.of(values(vector, block), 1),
                        expected);
    }

    private void products(Qk256Matrix matrix, int vector, I8Vector q) {
        PlainDecoder plain = PlainDecoder.of(tensor);
        float[] expected = new float[ROWS];
        for (int row = 0; row < ROWS; row++) {
            int[] sumsOfRow = new int[BLOCKS];
            float[] scalesOfRow = new float[BLOCKS];
            for (int block = 0; block < BLOCKS; block++) {
                sumsOfRow[block] = sum(vector, row, block);
                scalesOfRow[block] = plain.scale(row, block);
            }
            expected[row] = TensorCheck.withGroupScales(sumsOfRow, scalesOfRow, q.scale());
        }
        new Comparison(kernel, matrix, tally).integers("gemv-i8, vector " + vector, q, expected);
    }

    private int sum(int vector, int row, int block) {
        return sums[(vector * ROWS + row) * BLOCKS + block];
    }

    private MemorySegment values(int vector, int block) {
        long start = (long) (vector * BLOCKS + block) * Q8K_BYTES + Q8K_VALUES_AT;
        return activations.asSlice(start, Qk256.BLOCK_WEIGHTS);
    }
}
