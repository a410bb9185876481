package io.qk256.app.files;

import java.lang.foreign.MemorySegment;

/**
 * Reads a ternary tensor weight by weight, straight from the bytes of the file, by the formula of its format and
 * nothing else. It shares no code with {@link Repack}, so each can be measured against the other. Immutable and
 * thread-safe.
 */
public abstract sealed class PlainDecoder {

    final MemorySegment data;
    final int cols;
    private final int rowBytes;

    private PlainDecoder(GgufTensor tensor) {
        this.data = tensor.data();
        this.cols = Math.toIntExact(tensor.cols());
        this.rowBytes = cols / tensor.type().blockWeights() * tensor.type().blockBytes();
    }

    /**
     * A decoder for a tensor of type I2_S, TQ1_0 or TQ2_0.
     *
     * @throws IllegalArgumentException for other types
     * @throws ArithmeticException if the tensor has 2^31 columns or more
     */
    public static PlainDecoder of(GgufTensor tensor) {
        return switch (tensor.type()) {
            case I2_S -> new I2s(tensor);
            case TQ1_0 -> new Tq1(tensor);
            case TQ2_0 -> new Tq2(tensor);
            default -> throw new IllegalArgumentException(tensor + ": expected I2_S, TQ1_0 or TQ2_0");
        };
    }

    /**
     * The weights of a row without their scales: −1, 0 or +1, and +2 where the file has code 3.
     *
     * @param row index of the row
     * @param values receives as many weights as the tensor has columns
     */
    public final void row(long row, byte[] values) {
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

    /** The f16 scale of a block of 256 that ends with it. */
    final float lastHalfOfBlock(long row, int block, int blockBytes) {
        return Float.float16ToFloat(
                data.get(LittleEndian.I16, row * rowBytes + (block + 1L) * blockBytes - Short.BYTES));
    }

    private static final class I2s extends PlainDecoder {

        private final float scale;

        I2s(GgufTensor tensor) {
            super(tensor);
            scale = data.get(LittleEndian.F32, tensor.rows() * tensor.cols() / 4);
        }

        @Override
        void decode(byte[] packed, byte[] values) {
            for (int i = 0; i < cols; i++) {
                int within = i % 128;
                int codes = packed[i / 128 * 32 + within % 32];
                values[i] = (byte) ((codes >> (6 - 2 * (within / 32)) & 3) - 1);
            }
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
}
