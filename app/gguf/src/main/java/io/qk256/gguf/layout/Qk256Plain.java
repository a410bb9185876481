package io.qk256.gguf.layout;

import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import java.lang.foreign.MemorySegment;

/** Decodes the bytes of a QK256 tensor as {@link Qk256Codec} describes them, with constants of its own. */
final class Qk256Plain implements PlainDecoder {

    private final MemorySegment data;
    private final int cols;
    private final byte[] codebook;
    private final int blocks;
    private final int group;
    private final int groups;
    private final long scalesAt;

    Qk256Plain(GgufTensor tensor) {
        data = tensor.data();
        cols = Math.toIntExact(tensor.cols());
        codebook = data.asSlice(32, 4).toArray(LittleEndian.I8);
        blocks = (cols + 255) / 256;
        int stored = data.get(LittleEndian.I32, 20);
        group = stored == 0 ? 256 : stored;
        groups = (cols + group - 1) / group;
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
    public int group() {
        return group;
    }

    @Override
    public float scale(long row, int index) {
        float scale = data.get(LittleEndian.F32, 16);
        long at = row * groups + index;
        return switch (data.get(LittleEndian.I8, 12)) {
            case 1 -> data.get(LittleEndian.F32, scalesAt + 4 * at) * scale;
            case 2 -> Float.float16ToFloat(data.get(LittleEndian.I16, scalesAt + 2 * at)) * scale;
            default -> scale;
        };
    }
}
