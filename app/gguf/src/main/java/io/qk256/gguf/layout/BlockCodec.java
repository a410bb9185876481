package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;

/** A type whose blocks hold integers of a few bits each, and one or more f16 scales or minimums. */
abstract class BlockCodec extends TensorCodec {

    private final int[] scalesAt;

    /** @param scalesAt offsets of the f16 numbers in a block, in bytes */
    BlockCodec(TensorType type, int... scalesAt) {
        super(type);
        this.scalesAt = scalesAt.clone();
    }

    /**
     * Decodes blocks by ggml's formula, with the same roundings in the same order.
     *
     * @param blocks the bytes, starting with the first block
     * @param count the number of blocks
     * @param out receives their weights
     * @param at index in {@code out} of the first weight
     */
    abstract void decode(byte[] blocks, int count, float[] out, int at);

    @Override
    final RowReader reader(GgufTensor tensor, int most) {
        MemorySegment data = tensor.data();
        int perRow = Math.toIntExact(tensor.cols() / type().blockWeights());
        int rowBytes = Math.multiplyExact(perRow, type().blockBytes());
        byte[] blocks = new byte[Math.multiplyExact(most, rowBytes)];
        return (first, count, out, at) -> {
            MemorySegment.copy(data, LittleEndian.I8, first * rowBytes, blocks, 0, count * rowBytes);
            decode(blocks, count * perRow, out, at);
        };
    }

    @Override
    final void requireFinite(GgufTensor tensor, int threads, Progress progress) throws GgufException {
        FiniteCheck.scales(tensor, threads, progress, scalesAt);
    }

    /** Reads the f16 at a byte offset as f32. */
    static float half(byte[] bytes, int at) {
        return Float.float16ToFloat((short) ((bytes[at] & 0xFF) | (bytes[at + 1] << Byte.SIZE)));
    }
}
