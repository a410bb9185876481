package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.FiniteCheck;
import io.qk256.gguf.layout.RowReader;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A matrix that no kernel multiplies, such as the embedding, read row by row from the bytes of the file. Immutable and
 * thread-safe; readable while the file is open.
 */
final class DenseMatrix {

    private final TensorRows values;
    private final int rows;
    private final int cols;

    private DenseMatrix(TensorRows values) {
        this.values = values;
        this.rows = Math.toIntExact(values.tensor().rows());
        this.cols = Math.toIntExact(values.tensor().cols());
    }

    /**
     * Returns a matrix of a type that can be read as f32, 2-bit types included.
     *
     * @throws GgufException if the tensor has another type
     */
    static DenseMatrix of(GgufTensor tensor) throws GgufException {
        return new DenseMatrix(TensorRows.of(tensor));
    }

    /** Returns a matrix of f16 values in memory. */
    static DenseMatrix ofHalves(MemorySegment data, int rows, int cols) {
        return new DenseMatrix(TensorRows.ofHalves(data, rows, cols));
    }

    /** Returns a matrix of a type's blocks in memory. */
    static DenseMatrix ofBlocks(TensorType type, MemorySegment data, int rows, int cols) {
        List<Long> dims = List.of((long) cols, (long) rows);
        try {
            return of(new GgufTensor("memory", type.name(), type, dims, data));
        } catch (GgufException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Returns a copy rounded to f16. */
    DenseMatrix toHalves(Arena arena) {
        MemorySegment halves = HugePages.allocate(arena, (long) rows * cols * Short.BYTES);
        Heads.inParallel(rows, (from, to) -> {
            Reader reader = reader(1);
            short[] narrow = new short[cols];
            for (int row = from; row < to; row++) {
                reader.read(row, 1);
                for (int i = 0; i < cols; i++) {
                    narrow[i] = Float.floatToFloat16(reader.values[i]);
                }
                MemorySegment.copy(narrow, 0, halves, LittleEndian.I16, (long) row * cols * Short.BYTES, cols);
            }
        });
        return ofHalves(halves, rows, cols);
    }

    /** @throws GgufException if a value is not finite */
    void requireFinite(int threads, Progress progress) throws GgufException {
        FiniteCheck.require(values.tensor(), threads, progress);
    }

    int rows() {
        return rows;
    }

    int cols() {
        return cols;
    }

    long bytes() {
        return data().byteSize();
    }

    TensorType type() {
        return values.tensor().type();
    }

    /** The bytes as stored in the file. */
    MemorySegment data() {
        return values.tensor().data();
    }

    /** Whether products first round the other operand to f16, as ggml does for f16 matrices. */
    boolean isHalf() {
        return type() == TensorType.F16;
    }

    /**
     * Returns a reader of rows for one thread.
     *
     * @param most the most rows to read at a time
     */
    Reader reader(int most) {
        return new Reader(most);
    }

    final class Reader {

        /** The values of the rows read last. */
        final float[] values;

        private final RowReader reader;

        private Reader(int most) {
            values = new float[Math.multiplyExact(most, cols)];
            reader = DenseMatrix.this.values.reader(most);
        }

        void read(int first, int count) {
            reader.read(first, count, values, 0);
        }
    }
}
