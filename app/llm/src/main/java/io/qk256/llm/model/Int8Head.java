package io.qk256.llm.model;

import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.Q8Codec;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * The output head in 8 bits, half the size of f16, converted by {@link Int8Conversion} and multiplied by a kernel. The
 * state keeps 16 bits (see {@link Int8HeadProduct}), so only the weights lose precision.
 */
final class Int8Head extends OutputHead {

    private static final int TILE = Q8Matrix.TILE_ROWS;
    private static final int GROUP = Q8Matrix.GROUP;
    private static final int FOUR = Integer.BYTES;

    private final Q8Matrix weights;

    /**
     * Creates an empty head, to be {@linkplain #fill filled}.
     *
     * @param arena allocates the codes and scales
     */
    Int8Head(int rows, int cols, Arena arena) {
        this.weights = Q8Matrix.of(
                HugePages.allocate(arena, Q8Matrix.codesBytes(rows, cols)),
                HugePages.allocate(arena, Q8Matrix.scalesBytes(rows, cols)),
                rows,
                cols);
    }

    /**
     * Converts rows {@code [from, to)}; {@code from} is a multiple of 16. Different threads may convert different rows
     * at once. Q8_0 weights are copied unchanged.
     */
    void fill(DenseMatrix matrix, int from, int to) {
        if (matrix.type() == TensorType.Q8_0) {
            Q8Codec.interleave(matrix.data(), weights, from, to);
        } else {
            convert(matrix, from, to);
        }
    }

    private void convert(DenseMatrix matrix, int from, int to) {
        int cols = weights.cols();
        DenseMatrix.Reader reader = matrix.reader(TILE);
        Int8Conversion conversion = new Int8Conversion(TILE * cols);
        MemorySegment converted = MemorySegment.ofArray(conversion.codes);
        int[] tile = new int[TILE * cols / FOUR];
        short[] scales = new short[TILE * cols / GROUP];
        for (int first = from; first < to; first += TILE) {
            int rows = Math.min(TILE, to - first);
            reader.read(first, rows);
            conversion.convert(reader.values, rows * cols);
            Arrays.fill(tile, 0);
            interleave(converted, rows, cols, tile);
            for (int row = 0; row < rows; row++) {
                for (int group = 0; group < cols / GROUP; group++) {
                    scales[group * TILE + row] = conversion.scales[row * (cols / GROUP) + group];
                }
            }
            long codesAt = weights.codeAt(first, 0);
            MemorySegment.copy(tile, 0, weights.codes(), ValueLayout.JAVA_INT, codesAt, tile.length);
            long scalesAt = weights.scaleAt(first, 0);
            MemorySegment.copy(scales, 0, weights.scales(), ValueLayout.JAVA_SHORT, scalesAt, scales.length);
        }
    }

    /** Four columns at a time, as the layout keeps them together. */
    private static void interleave(MemorySegment codes, int rows, int cols, int[] tile) {
        int fours = cols / FOUR;
        for (int row = 0; row < rows; row++) {
            for (int four = 0; four < fours; four++) {
                tile[four * TILE + row] = codes.get(ValueLayout.JAVA_INT_UNALIGNED, ((long) row * fours + four) * FOUR);
            }
        }
    }

    Q8Matrix weights() {
        return weights;
    }

    @Override
    long bytes() {
        return weights.codes().byteSize() + weights.scales().byteSize();
    }

    @Override
    HeadProduct product(Supplier<Reductions> reductions, Kernel kernel, Crew threads, int vocabulary, Arena arena) {
        return new Int8HeadProduct(reductions, kernel, threads, weights, arena);
    }

    @Override
    public String toString() {
        return "8 bits";
    }
}
