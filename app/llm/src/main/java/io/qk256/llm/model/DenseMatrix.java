package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

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
    private final Optional<TensorRows> blocks;

    private DenseMatrix(MemorySegment data, TensorType type, int rows, int cols, Optional<TensorRows> blocks) {
        this.data = data;
        this.type = type;
        this.rows = rows;
        this.cols = cols;
        this.blocks = blocks;
    }

    /**
     * A matrix of a type that can be read.
     *
     * @throws GgufException if it is of another type
     */
    static DenseMatrix of(GgufTensor tensor) throws GgufException {
        Optional<TensorRows> blocks = switch (tensor.type()) {
            case F16, BF16, F32 -> Optional.empty();
            case Q8_0, Q6_K -> Optional.of(TensorRows.of(tensor));
            default ->
                throw new GgufException(tensor + ": expected F16, BF16, F32, Q8_0 or Q6_K; convert the model again with"
                        + " F16 embeddings");
        };
        int rows = Math.toIntExact(tensor.rows());
        return new DenseMatrix(tensor.data(), tensor.type(), rows, Math.toIntExact(tensor.cols()), blocks);
    }

    /** A matrix of f16 numbers in memory. */
    static DenseMatrix ofHalves(MemorySegment data, int rows, int cols) {
        return new DenseMatrix(data, TensorType.F16, rows, cols, Optional.empty());
    }

    /** The same numbers rounded to f16. */
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
                MemorySegment.copy(narrow, 0, halves, I16, (long) row * cols * Short.BYTES, cols);
            }
        });
        return ofHalves(halves, rows, cols);
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

    TensorType type() {
        return type;
    }

    /** As the file has them. */
    MemorySegment data() {
        return data;
    }

    /** Whether products round the other operand to f16 first, as ggml does for a matrix of f16. */
    boolean isHalf() {
        return type == TensorType.F16;
    }

    /**
     * What one thread needs to read rows.
     *
     * @param most rows at a time
     */
    Reader reader(int most) {
        return new Reader(most);
    }

    final class Reader {

        /** The values of the rows that were read last. */
        final float[] values;

        private final MemorySegment[] rows;
        private final short[] halves;

        private Reader(int most) {
            values = new float[Math.multiplyExact(most, cols)];
            rows = new MemorySegment[most];
            for (int i = 0; i < most; i++) {
                rows[i] =
                        MemorySegment.ofArray(values).asSlice((long) i * cols * Float.BYTES, (long) cols * Float.BYTES);
            }
            halves = new short[type == TensorType.F16 || type == TensorType.BF16 ? values.length : 0];
        }

        /** Reads rows; copying them first is faster than reading scattered numbers from memory that is mapped. */
        void read(int first, int count) {
            long at = (long) first * cols;
            int n = count * cols;
            switch (type) {
                case F16 -> {
                    MemorySegment.copy(data, I16, at * Short.BYTES, halves, 0, n);
                    Half.widen(halves, 0, values, n);
                }
                case BF16 -> {
                    MemorySegment.copy(data, I16, at * Short.BYTES, halves, 0, n);
                    for (int i = 0; i < n; i++) {
                        values[i] = Float.intBitsToFloat(halves[i] << Short.SIZE);
                    }
                }
                case F32 -> MemorySegment.copy(data, F32, at * Float.BYTES, values, 0, n);
                default -> {
                    for (int i = 0; i < count; i++) {
                        blocks.orElseThrow().read(first + i, rows[i]);
                    }
                }
            }
        }
    }
}
