package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 2-bit types whose blocks of 64, 128 or 256 weights each have an f16 scale. A block becomes a group of the matrix, and
 * its scale stays f16. If the scales of all blocks of a tensor have the same bits, that scale becomes the tensor scale.
 */
abstract class ScaledBlocksCodec extends TwoBitCodec {

    private final int blockBytes;
    private final int blockWeights;
    private final int scaleAt;

    /** @param scaleAt offset of the scale in a block, in bytes */
    ScaledBlocksCodec(TensorType type, int scaleAt) {
        super(type);
        this.blockBytes = type.blockBytes();
        this.blockWeights = type.blockWeights();
        this.scaleAt = scaleAt;
    }

    /** The plain formula: decodes the bytes of a row to values without their scales, −1 to 2. */
    abstract void values(byte[] row, int cols, byte[] values);

    /**
     * Decodes one block to f32, faster than the plain formula.
     *
     * @param blocks the bytes, with the block from {@code from} on
     * @param scale the scale of the block
     * @param out receives the weights, from {@code to} on
     */
    abstract void decode(byte[] blocks, int from, float scale, float[] out, int to);

    /** Repacks the codes of consecutive blocks; the last QK256 block may stay incomplete. */
    abstract void repack(MemorySegment from, long fromOffset, int blocks, MemorySegment to, long toOffset);

    /** The largest weight that a block can hold, without its scale; the smallest is −1. */
    abstract int largest();

    /**
     * Encodes the codes of a block; its scale is written by the caller.
     *
     * @param codes one in a byte, each a weight plus 1, with those of the block from {@code from} on
     * @param block receives the bytes, from {@code to} on; they are 0
     */
    abstract void encode(byte[] codes, int from, byte[] block, int to);

    private short scaleBits(GgufTensor tensor, long block) {
        return tensor.data().get(LittleEndian.I16, block * blockBytes + scaleAt);
    }

    @Override
    final RowReader reader(GgufTensor tensor, int most) {
        MemorySegment data = tensor.data();
        int perRow = Math.toIntExact(tensor.cols() / blockWeights);
        int rowBytes = Math.multiplyExact(perRow, blockBytes);
        byte[] blocks = new byte[Math.multiplyExact(most, rowBytes)];
        return (first, count, out, at) -> {
            MemorySegment.copy(data, LittleEndian.I8, first * rowBytes, blocks, 0, count * rowBytes);
            for (int block = 0; block < count * perRow; block++) {
                int from = block * blockBytes;
                decode(blocks, from, BlockCodec.half(blocks, from + scaleAt), out, at + block * blockWeights);
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

    @Override
    final boolean isWritable() {
        return true;
    }

    /** Scales become f16. */
    @Override
    final Encoded encode(GgufTensor tensor, Qk256Matrix matrix, boolean roundScales, Arena arena) throws GgufException {
        WeightCodes codes = new WeightCodes(tensor, matrix, type(), largest());
        GroupScales scales = new GroupScales(tensor, matrix, type());
        int perRow = matrix.cols() / blockWeights;
        byte[] rowCodes = new byte[matrix.cols()];
        MemorySegment out = arena.allocate(type().bytes((long) matrix.rows() * matrix.cols()));
        long rowBytes = (long) perRow * blockBytes;
        double scaleError = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            codes.row(row, rowCodes);
            byte[] blocks = new byte[Math.toIntExact(rowBytes)];
            for (int i = 0; i < perRow; i++) {
                encode(rowCodes, i * blockWeights, blocks, i * blockBytes);
                float scale = scales.common(row, i * blockWeights, blockWeights);
                short half = scales.half(scale, roundScales);
                blocks[i * blockBytes + scaleAt] = (byte) half;
                blocks[i * blockBytes + scaleAt + 1] = (byte) (half >> Byte.SIZE);
                scaleError = Math.max(scaleError, GroupScales.error(scale, half));
            }
            MemorySegment.copy(blocks, 0, out, LittleEndian.I8, row * rowBytes, blocks.length);
        }
        return new Encoded(out, scaleError);
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

        @Override
        public int group() {
            return type().blockWeights();
        }

        @Override
        public float scale(long row, int group) {
            long at = row * rowBytes + (long) group * blockBytes + scaleAt;
            return Float.float16ToFloat(data.get(LittleEndian.I16, at));
        }
    }

    /**
     * Whether a tensor has one scale or many shows only when all rows are done. Scales are copied along with the codes
     * if the first row has different ones; if others appear later, they are copied at the end.
     */
    private final class Blocks extends Repacking {

        private final int perRow;

        /** The bits of the first block's scale. */
        private final short firstScale;

        /** Allocated if the first row has different scales. */
        private final MemorySegment scales;

        private volatile boolean manyScales;

        Blocks(GgufTensor tensor, Arena arena) throws GgufException {
            super(tensor, arena);
            this.perRow = matrix.cols() / blockWeights;
            this.firstScale = scaleBits(tensor, 0);
            this.manyScales = hasManyScales(0);
            this.scales = manyScales ? allocate(arena) : MemorySegment.NULL;
        }

        private MemorySegment allocate(Arena arena) {
            return HugePages.allocate(arena, (long) matrix.rows() * perRow * Short.BYTES);
        }

        private boolean hasManyScales(long first) {
            for (int i = 0; i < perRow; i++) {
                if (scaleBits(tensor, first + i) != firstScale) {
                    return true;
                }
            }
            return false;
        }

        @Override
        void rows(int from, int to) throws GgufException {
            for (int row = from; row < to; row++) {
                long first = (long) row * perRow;
                for (int i = 0; i < perRow; i++) {
                    FiniteCheck.requireScale(tensor, Float.float16ToFloat(scaleBits(tensor, first + i)), first + i);
                }
                if (scales.byteSize() > 0) {
                    copyScales(row, scales);
                } else if (!manyScales && hasManyScales(first)) {
                    manyScales = true;
                }
                repack(tensor.data(), first * blockBytes, perRow, matrix.codes(), row * matrix.rowStride());
            }
        }

        private void copyScales(long row, MemorySegment to) {
            for (long i = row * perRow; i < (row + 1) * perRow; i++) {
                to.setAtIndex(ValueLayout.JAVA_SHORT, i, scaleBits(tensor, i));
            }
        }

        @Override
        Qk256Matrix finish(Arena arena) {
            if (!manyScales) {
                return matrix.withTensorScale(Float.float16ToFloat(firstScale));
            }
            if (scales.byteSize() > 0) {
                return matrix.withGroupScales(scales, blockWeights, ScaleType.F16);
            }
            MemorySegment late = allocate(arena);
            for (int row = 0; row < matrix.rows(); row++) {
                copyScales(row, late);
            }
            return matrix.withGroupScales(late, blockWeights, ScaleType.F16);
        }
    }
}
