package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * ggml's 2-bit types, whose blocks each have an f16 scale. A block has 256 weights, or a divisor of 256; a QK256 block
 * can have only one scale. If the scales of all blocks of a tensor have the same bits, that scale becomes the tensor
 * scale.
 */
abstract class ScaledBlocksCodec extends TwoBitCodec {

    private final int blockBytes;
    private final int scaleAt;

    /** Blocks of the type in one QK256 block. */
    private final int perBlock;

    /** @param scaleAt offset of the scale in a block, in bytes */
    ScaledBlocksCodec(TensorType type, int scaleAt) {
        super(type);
        this.blockBytes = type.blockBytes();
        this.scaleAt = scaleAt;
        this.perBlock = Qk256.BLOCK_WEIGHTS / type.blockWeights();
    }

    /** The plain formula: decodes the bytes of a row to values without their scales, −1 to 2. */
    abstract void values(byte[] row, int cols, byte[] values);

    /** Repacks the codes of consecutive blocks; the last QK256 block may stay incomplete. */
    abstract void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset);

    private short scaleBits(GgufTensor tensor, long block) {
        return tensor.data().get(LittleEndian.I16, block * blockBytes + scaleAt);
    }

    /**
     * Decodes one block to f32, faster than the plain formula.
     *
     * @param blocks the bytes, with the block from {@code from} on
     * @param scale the scale of the block
     * @param out receives the weights, from {@code to} on
     */
    abstract void decode(byte[] blocks, int from, float scale, float[] out, int to);

    /** Uses each block's own scale, even where repacking would refuse it. */
    @Override
    final RowReader reader(GgufTensor tensor, int most) {
        MemorySegment data = tensor.data();
        int weights = type().blockWeights();
        int perRow = Math.toIntExact(tensor.cols() / weights);
        int rowBytes = Math.multiplyExact(perRow, blockBytes);
        byte[] blocks = new byte[Math.multiplyExact(most, rowBytes)];
        return (first, count, out, at) -> {
            MemorySegment.copy(data, LittleEndian.I8, first * rowBytes, blocks, 0, count * rowBytes);
            for (int block = 0; block < count * perRow; block++) {
                int from = block * blockBytes;
                decode(blocks, from, BlockCodec.half(blocks, from + scaleAt), out, at + block * weights);
            }
        };
    }

    @Override
    final PlainDecoder plain(GgufTensor tensor) {
        return new Plain(tensor);
    }

    @Override
    final Repacking repacking(GgufTensor tensor, Arena arena) throws GgufException {
        return new Blocks(tensor, arena);
    }

    @Override
    final void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        FiniteCheck.scales(tensor, threads, progress, scaleAt);
    }

    private final class Plain implements PlainDecoder {

        private final MemorySegment data;
        private final int cols;
        private final int rowBytes;

        Plain(GgufTensor tensor) {
            data = tensor.data();
            cols = Math.toIntExact(tensor.cols());
            rowBytes = cols / type().blockWeights() * blockBytes;
        }

        @Override
        public void row(long row, byte[] values) {
            byte[] packed = data.asSlice(row * rowBytes, rowBytes).toArray(LittleEndian.I8);
            values(packed, cols, values);
        }

        /** The scale of the first block: repacking requires all scales of a QK256 block to be the same. */
        @Override
        public float scale(long row, int block) {
            long at = row * rowBytes + (long) block * perBlock * blockBytes + scaleAt;
            return Float.float16ToFloat(data.get(LittleEndian.I16, at));
        }
    }

    private final class Blocks extends Repacking {

        private final int perRow;

        /** The bits of the first block's scale. */
        private final short firstScale;

        private volatile boolean manyScales;

        Blocks(GgufTensor tensor, Arena arena) throws GgufException {
            super(tensor, arena);
            this.perRow = matrix.cols() / type().blockWeights();
            this.firstScale = scaleBits(tensor, 0);
        }

        @Override
        void rows(int from, int to) throws GgufException {
            for (int row = from; row < to; row++) {
                long first = (long) row * perRow;
                for (int i = 0; i < perRow; i++) {
                    look(row, first, i);
                }
                repack(tensor.data(), first * blockBytes, perRow, matrix.codes(), row * matrix.rowStride());
            }
        }

        /** Checks the scale of a block of a row, and notes whether it differs from the first. */
        private void look(int row, long first, int i) throws GgufException {
            short bits = scaleBits(tensor, first + i);
            if (bits != firstScale) {
                manyScales = true;
            }
            FiniteCheck.requireScale(tensor, Float.float16ToFloat(bits), first + i);
            if (i % perBlock != 0) {
                requireScaleOfBlock(row, first, i, bits);
            }
        }

        private void requireScaleOfBlock(int row, long first, int i, short bits) throws GgufException {
            int weights = type().blockWeights();
            short wanted = scaleBits(tensor, first + i - i % perBlock);
            if (bits != wanted) {
                throw new GgufException(tensor + ": row " + row + ", columns " + weights * i + " to "
                        + (weights * (i + 1) - 1)
                        + " have the scale " + Float.float16ToFloat(bits) + ", expected "
                        + Float.float16ToFloat(wanted) + " like the columns from " + weights * (i - i % perBlock)
                        + " on; QK256 has one scale for 256 weights, so this tensor does not fit; "
                        + "requantize the model as TQ2_0, or as Q2_0 with one scale a tensor");
            }
        }

        @Override
        Qk256Matrix finish(Arena arena) {
            if (!manyScales) {
                return matrix.withTensorScale(Float.float16ToFloat(firstScale));
            }
            MemorySegment scales = arena.allocate((long) matrix.rows() * matrix.blocks() * Float.BYTES, CACHE_LINE);
            long to = 0;
            for (int row = 0; row < matrix.rows(); row++) {
                for (int block = 0; block < perRow; block += perBlock) {
                    short bits = scaleBits(tensor, (long) row * perRow + block);
                    scales.setAtIndex(ValueLayout.JAVA_FLOAT, to++, Float.float16ToFloat(bits));
                }
            }
            return matrix.withGroupScales(scales, Qk256.BLOCK_WEIGHTS, ScaleType.F32);
        }
    }
}
