package io.qk256.llm.model;

import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.Q8Codec;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.memory.HugePages;
import io.qk256.spi.parallel.RowTask;
import io.qk256.spi.support.Q8Rounding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The output head in 8 bits, half the size of f16, converted by {@link Int8Conversion}, or by {@link Q8Rounding} where
 * there is one, with the same bits, and multiplied by a kernel. The state keeps 16 bits (see {@link Int8HeadProduct}), so
 * only the weights lose precision.
 */
final class Int8Head extends OutputHead {

    private static final int TILE = Q8Matrix.TILE_ROWS;
    private static final int FOUR = Integer.BYTES;

    private final Q8Matrix weights;
    private volatile boolean finite = true;

    /**
     * Creates an empty head, to be {@linkplain #filling filled}.
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
     * Returns what converts rows; the first of them is a multiple of 16. Different threads may convert different rows at
     * once. Q8_0 weights are copied unchanged.
     */
    RowTask filling(DenseMatrix matrix) {
        if (matrix.type() == TensorType.Q8_0) {
            return (from, to) -> Q8Codec.interleave(matrix.data(), weights, from, to);
        }
        boolean halves = matrix.type() == TensorType.F16 && weights.cols() % Q8Matrix.GROUP == 0;
        Optional<Q8Rounding> rounding = halves ? Q8Rounding.find() : Optional.empty();
        return rounding.isPresent() ? filling(matrix, rounding.get()) : fillingInJava(matrix);
    }

    /** The last rows are not always a whole tile. */
    private RowTask filling(DenseMatrix matrix, Q8Rounding rounding) {
        RowTask rest = fillingInJava(matrix);
        return (from, to) -> {
            int whole = to - to % TILE;
            if (from < whole && !round(rounding, matrix.data(), from, whole)) {
                finite = false;
            }
            if (whole < to) {
                rest.run(Math.max(from, whole), to);
            }
        };
    }

    private boolean round(Q8Rounding rounding, MemorySegment halves, int from, int to) {
        int cols = weights.cols();
        long at = (long) from * cols;
        long n = (long) (to - from) * cols;
        long scaleBytes = n / Q8Matrix.GROUP * Short.BYTES;
        return rounding.round(
                halves.asSlice(at * Short.BYTES, n * Short.BYTES),
                cols,
                weights.codes().asSlice(weights.codeAt(from, 0), n),
                weights.scales().asSlice(weights.scaleAt(from, 0), scaleBytes));
    }

    /** What every machine can do. */
    RowTask fillingInJava(DenseMatrix matrix) {
        ScratchPool<Tiles> scratch = new ScratchPool<>(() -> new Tiles(matrix));
        return (from, to) -> {
            Tiles tiles = scratch.take();
            tiles.convert(from, to);
            scratch.giveBack(tiles);
        };
    }

    /** Converts tiles, on one thread. */
    private final class Tiles {

        private final int cols = weights.cols();
        private final DenseMatrix.Reader reader;
        private final Int8Conversion conversion = new Int8Conversion(TILE * cols);
        private final MemorySegment codes = MemorySegment.ofArray(conversion.codes);
        private final int[] fours = new int[TILE * cols / FOUR];
        private final int[] tile = new int[fours.length];
        private final short[] scales = new short[conversion.scales.length];

        Tiles(DenseMatrix matrix) {
            this.reader = matrix.reader(TILE);
        }

        void convert(int from, int to) {
            for (int first = from; first < to; first += TILE) {
                int rows = Math.min(TILE, to - first);
                reader.read(first, rows);
                if (!conversion.convert(reader.values, rows * cols)) {
                    finite = false;
                }
                MemorySegment.copy(codes, ValueLayout.JAVA_INT_UNALIGNED, 0, fours, 0, rows * cols / FOUR);
                Arrays.fill(fours, rows * cols / FOUR, fours.length, 0);
                interleave(fours, tile);
                interleave(conversion.scales, scales);
                long codesAt = weights.codeAt(first, 0);
                MemorySegment.copy(tile, 0, weights.codes(), ValueLayout.JAVA_INT, codesAt, tile.length);
                long scalesAt = weights.scaleAt(first, 0);
                MemorySegment.copy(scales, 0, weights.scales(), ValueLayout.JAVA_SHORT, scalesAt, scales.length);
            }
        }
    }

    /** Four columns at a time, as the layout keeps them together. */
    private static void interleave(int[] rows, int[] tile) {
        int n = rows.length / TILE;
        for (int row = 0; row < TILE; row++) {
            for (int i = 0; i < n; i++) {
                tile[i * TILE + row] = rows[row * n + i];
            }
        }
    }

    private static void interleave(short[] rows, short[] tile) {
        int n = rows.length / TILE;
        for (int row = 0; row < TILE; row++) {
            for (int i = 0; i < n; i++) {
                tile[i * TILE + row] = rows[row * n + i];
            }
        }
    }

    /** Of type Q8_0, weights are not looked at. */
    @Override
    boolean isFinite() {
        return finite;
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
