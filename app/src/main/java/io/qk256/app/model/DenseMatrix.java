package io.qk256.app.model;

import io.qk256.app.files.GgufException;
import io.qk256.app.files.GgufTensor;
import io.qk256.app.files.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A matrix that is not ternary, such as the embedding, read row by row from the bytes of the file. Immutable and thread-safe;
 * readable while the file is open.
 */
final class DenseMatrix {

    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment data;
    private final TensorType type;
    private final int rows;
    private final int cols;

    private DenseMatrix(MemorySegment data, TensorType type, int rows, int cols) {
        this.data = data;
        this.type = type;
        this.rows = rows;
        this.cols = cols;
    }

    /**
     * A matrix of a type that can be read.
     *
     * @throws GgufException if it is of another type
     */
    static DenseMatrix of(GgufTensor tensor) throws GgufException {
        if (tensor.type() != TensorType.F16 && tensor.type() != TensorType.F32) {
            throw new GgufException(tensor + ": expected F16 or F32; convert the model again with F16 embeddings");
        }
        return new DenseMatrix(
                tensor.data(), tensor.type(), Math.toIntExact(tensor.rows()), Math.toIntExact(tensor.cols()));
    }

    /** A matrix of f16 numbers in memory. */
    static DenseMatrix ofHalves(MemorySegment data, int rows, int cols) {
        return new DenseMatrix(data, TensorType.F16, rows, cols);
    }

    int rows() {
        return rows;
    }

    int cols() {
        return cols;
    }

    long bytes() {
        return data.byteSize();
    }

    /** Whether products round the other operand to f16 first, as ggml does for a matrix of f16. */
    boolean isHalf() {
        return type == TensorType.F16;
    }

    /** What one thread needs to read rows: {@code row} has the values of the row that was read last. */
    Reader reader() {
        return new Reader();
    }

    final class Reader {

        /** The values. */
        final float[] row = new float[cols];

        private final short[] halves = new short[isHalf() ? cols : 0];

        /** Reads a row; copying it first is faster than reading scattered numbers from memory that is mapped. */
        void read(int index) {
            if (isHalf()) {
                MemorySegment.copy(data, I16, (long) index * cols * Short.BYTES, halves, 0, cols);
                Half.widen(halves, 0, row, cols);
            } else {
                MemorySegment.copy(data, F32, (long) index * cols * Float.BYTES, row, 0, cols);
            }
        }
    }
}
