package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** ggml's 2-bit types, whose blocks have an f16 scale each: TQ1_0, TQ2_0, Q2_0. */
final class BlockRepack extends RowRepack {

    /** Bits of the scale of the first block. */
    private final short firstScale;

    private volatile boolean manyScales;

    BlockRepack(GgufTensor tensor, Arena arena) throws GgufException {
        super(tensor, arena);
        this.firstScale = scaleBits(tensor, 0);
    }

    @Override
    void rows(int from, int to) throws GgufException {
        switch (tensor.type()) {
            case TQ1_0 -> blocks(from, to, Trits::fromTq1);
            case TQ2_0 -> blocks(from, to, BitPlanes::fromTq2);
            default -> q2Rows(from, to);
        }
    }

    private interface OneBlock {
        void repack(MemorySegment from, long fromOffset, MemorySegment to, long toOffset);
    }

    private void blocks(int from, int to, OneBlock one) throws GgufException {
        long end = (long) to * matrix.blocks();
        for (long block = (long) from * matrix.blocks(); block < end; block++) {
            one.repack(tensor.data(), block * tensor.type().blockBytes(), matrix.codes(), block * Qk256.BLOCK_BYTES);
            look(block);
        }
    }

    /** Notes the scale of a block of the tensor. */
    private void look(long block) throws GgufException {
        short bits = scaleBits(tensor, block);
        if (bits != firstScale) {
            manyScales = true;
        }
        requireFinite(tensor, Float.float16ToFloat(bits), "the scale of block " + block);
    }

    /** The codes of Q2_0 are those of QK256, between scales; a block of QK256 can have but one. */
    private void q2Rows(int from, int to) throws GgufException {
        int blockBytes = TensorType.Q2_0.blockBytes();
        int codeBytes = blockBytes - Short.BYTES;
        int perRow = matrix.cols() / TensorType.Q2_0.blockWeights();
        for (int row = from; row < to; row++) {
            long first = (long) row * perRow;
            for (int i = 0; i < perRow; i++) {
                look(first + i);
                requireScaleOfBlock(row, first, i);
                long source = (first + i) * blockBytes + Short.BYTES;
                long target = row * matrix.rowStride() + (long) i * codeBytes;
                MemorySegment.copy(tensor.data(), source, matrix.codes(), target, codeBytes);
            }
        }
    }

    private void requireScaleOfBlock(int row, long first, int i) throws GgufException {
        short bits = scaleBits(tensor, first + i);
        short wanted = scaleBits(tensor, first + i / 4 * 4L);
        if (bits != wanted) {
            throw new GgufException(tensor + ": row " + row + ", columns " + 64L * i + " to " + (64L * i + 63)
                    + " have the scale " + Float.float16ToFloat(bits) + ", expected "
                    + Float.float16ToFloat(wanted) + " as the columns from " + i / 4 * 256
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
        int perRow = matrix.cols() / tensor.type().blockWeights();
        int perBlock = Qk256.BLOCK_WEIGHTS / tensor.type().blockWeights();
        long to = 0;
        for (int row = 0; row < matrix.rows(); row++) {
            for (int block = 0; block < perRow; block += perBlock) {
                short bits = scaleBits(tensor, (long) row * perRow + block);
                scales.setAtIndex(ValueLayout.JAVA_FLOAT, to++, Float.float16ToFloat(bits));
            }
        }
        return matrix.withBlockScales(scales);
    }

    /** Blocks of TQ1_0 and TQ2_0 end with their scale, those of Q2_0 start with it. */
    private static short scaleBits(GgufTensor tensor, long block) {
        int blockBytes = tensor.type().blockBytes();
        int within = tensor.type() == TensorType.Q2_0 ? 0 : blockBytes - Short.BYTES;
        return tensor.data().get(LittleEndian.I16, block * blockBytes + within);
    }
}
