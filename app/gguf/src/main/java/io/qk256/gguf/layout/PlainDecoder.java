package io.qk256.gguf.layout;

import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * Reads a 2-bit tensor weight by weight, straight from the bytes of the file, by the formula of its format and
 * nothing else. It shares no code with {@link Repack}, so each can be measured against the other. Immutable and
 * thread-safe.
 */
public abstract sealed class PlainDecoder {

    final MemorySegment data;
    final int cols;
    final int rowBytes;

    private PlainDecoder(GgufTensor tensor) {
        this.data = tensor.data();
        this.cols = Math.toIntExact(tensor.cols());
        this.rowBytes = cols / tensor.type().blockWeights() * tensor.type().blockBytes();
    }

    /**
     * A decoder for a tensor whose type {@link Repack} accepts.
     *
     * @throws IllegalArgumentException for other types
     * @throws ArithmeticException if the tensor has 2^31 columns or more
     */
    public static PlainDecoder of(GgufTensor tensor) {
        return switch (tensor.type()) {
            case I2_S -> new I2s(tensor, 32);
            case I2_S_ARM -> new I2s(tensor, 16);
            case I2_S_ROWS4 -> new I2sRows4(tensor);
            case TQ1_0 -> new Tq1(tensor);
            case TQ2_0 -> new Tq2(tensor);
            case Q2_0 -> new Q2(tensor);
            case QK256 -> new Stored(tensor);
            default -> throw new IllegalArgumentException(tensor + ": expected a 2-bit type");
        };
    }

    /**
     * The weights of a row without their scales: −1, 0 or +1, and +2 where the file has code 3; for QK256, the values of
     * its codebook.
     *
     * @param row index of the row
     * @param values receives as many weights as the tensor has columns
     */
    public void row(long row, byte[] values) {
        decode(data.asSlice(row * rowBytes, rowBytes).toArray(LittleEndian.I8), values);
    }

    /**
     * The scale of the weights of a row from column {@code 256 * block} on.
     *
     * @param row index of the row
     * @param block index of the 256 columns
     */
    public abstract float scale(long row, int block);

    abstract void decode(byte[] packed, byte[] values);

    /** The f32 scale behind the codes of a tensor of I2_S. */
    static float i2sScale(GgufTensor tensor) {
        return tensor.data().get(LittleEndian.F32, tensor.weights() / 4);
    }

    /** The f16 scale of a block of 256 that ends with it. */
    final float lastHalfOfBlock(long row, int block, int blockBytes) {
        return Float.float16ToFloat(
                data.get(LittleEndian.I16, row * rowBytes + (block + 1L) * blockBytes - Short.BYTES));
    }

    private static final class I2s extends PlainDecoder {

        private final int planeBytes;
        private final float scale;

        I2s(GgufTensor tensor, int planeBytes) {
            super(tensor);
            this.planeBytes = planeBytes;
            scale = i2sScale(tensor);
        }

        @Override
        void decode(byte[] packed, byte[] values) {
            for (int i = 0; i < cols; i++) {
                int within = i % (4 * planeBytes);
                int codes = packed[i / (4 * planeBytes) * planeBytes + within % planeBytes];
                values[i] = (byte) ((codes >> (6 - 2 * (within / planeBytes)) & 3) - 1);
            }
        }

        @Override
        public float scale(long row, int block) {
            return scale;
        }
    }

    /** Bytes of four rows at once: the row decides on the bits. */
    private static final class I2sRows4 extends PlainDecoder {

        private final float scale;

        I2sRows4(GgufTensor tensor) {
            super(tensor);
            scale = i2sScale(tensor);
        }

        @Override
        public void row(long row, byte[] values) {
            for (int i = 0; i < cols; i++) {
                int codes = data.get(LittleEndian.I8, row / 4 * cols + i);
                values[i] = (byte) ((codes >> (6 - 2 * (row % 4)) & 3) - 1);
            }
        }

        @Override
        void decode(byte[] packed, byte[] values) {
            throw new UnsupportedOperationException("rows of this layout are not contiguous");
        }

        @Override
        public float scale(long row, int block) {
            return scale;
        }
    }

    private static final class Tq2 extends PlainDecoder {

        private static final int BLOCK_BYTES = 66;

        Tq2(GgufTensor tensor) {
            super(tensor);
        }

        @Override
        void decode(byte[] packed, byte[] values) {
            for (int i = 0; i < cols; i++) {
                int within = i % 256;
                int codes = packed[i / 256 * BLOCK_BYTES + within / 128 * 32 + within % 32];
                values[i] = (byte) ((codes >> (2 * (within % 128 / 32)) & 3) - 1);
            }
        }

        @Override
        public float scale(long row, int block) {
            return lastHalfOfBlock(row, block, BLOCK_BYTES);
        }
    }

    private static final class Tq1 extends PlainDecoder {

        private static final int BLOCK_BYTES = 54;
        private static final int[] POWERS_OF_THREE = {1, 3, 9, 27, 81};

        Tq1(GgufTensor tensor) {
            super(tensor);
        }

        @Override
        void decode(byte[] packed, byte[] values) {
            for (int i = 0; i < cols; i++) {
                int within = i % 256;
                int block = i / 256 * BLOCK_BYTES;
                if (within < 160) {
                    values[i] = trit(packed[block + within % 32], within / 32);
                } else if (within < 240) {
                    values[i] = trit(packed[block + 32 + (within - 160) % 16], (within - 160) / 16);
                } else {
                    values[i] = trit(packed[block + 48 + (within - 240) % 4], (within - 240) / 4);
                }
            }
        }

        private static byte trit(byte digits, int n) {
            int shifted = digits * POWERS_OF_THREE[n] & 0xFF;
            return (byte) (((shifted * 3) >> 8) - 1);
        }

        @Override
        public float scale(long row, int block) {
            return lastHalfOfBlock(row, block, BLOCK_BYTES);
        }
    }

    private static final class Q2 extends PlainDecoder {

        private static final int BLOCK_BYTES = 18;

        Q2(GgufTensor tensor) {
            super(tensor);
        }

        @Override
        void decode(byte[] packed, byte[] values) {
            for (int i = 0; i < cols; i++) {
                int codes = packed[i / 64 * BLOCK_BYTES + Short.BYTES + i % 64 / 4];
                values[i] = (byte) ((codes >> (2 * (i % 4)) & 3) - 1);
            }
        }

        /** The scale of the first 64 of them; {@link Repack} wants all four to be the same. */
        @Override
        public float scale(long row, int block) {
            return Float.float16ToFloat(data.get(LittleEndian.I16, row * rowBytes + block * 4L * BLOCK_BYTES));
        }
    }

    /** QK256, as {@link Qk256Store} describes its bytes. */
    private static final class Stored extends PlainDecoder {

        private final byte[] codebook;
        private final int blocks;
        private final long scalesAt;

        Stored(GgufTensor tensor) {
            super(tensor);
            codebook = data.asSlice(32, 4).toArray(LittleEndian.I8);
            blocks = (cols + 255) / 256;
            scalesAt = 64 + tensor.rows() * blocks * 64;
        }

        @Override
        public void row(long row, byte[] values) {
            for (int i = 0; i < cols; i++) {
                int codes = data.get(LittleEndian.I8, 64 + row * blocks * 64 + i / 4);
                values[i] = codebook[codes >> (2 * (i % 4)) & 3];
            }
        }

        @Override
        void decode(byte[] packed, byte[] values) {
            throw new UnsupportedOperationException("rows start behind a header");
        }

        @Override
        public float scale(long row, int block) {
            float scale = data.get(LittleEndian.F32, 16);
            boolean ofBlocks = data.get(LittleEndian.I8, 12) != 0;
            return ofBlocks ? data.get(LittleEndian.F32, scalesAt + 4 * (row * blocks + block)) * scale : scale;
        }
    }
}
