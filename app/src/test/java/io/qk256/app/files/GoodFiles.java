package io.qk256.app.files;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Small files that are right, to be mutated. */
public final class GoodFiles {

    private GoodFiles() {}

    /** Every type of key; every type of tensor; tensors in QK256 layout. */
    public static List<byte[]> all() {
        return List.of(Fixtures.bytes("gguf_allkv.gguf"), everyType(), stored());
    }

    /** A tensor of each type that can be read. */
    private static byte[] everyType() {
        String[] fixtures = {"f16", "bf16", "q8_0", "q6_k", "q2_0.even", "i2s_128x256"};
        int[] types = {1, 30, 8, 14, 42, 36};
        long[][] dims = {{512}, {512}, {512, 4}, {512, 4}, {512, 4}, {256, 128}};
        GgufBuilder file = GgufBuilder.header(types.length, 0);
        int offset = 0;
        for (int i = 0; i < types.length; i++) {
            file.tensor(fixtures[i], types[i], offset, dims[i]);
            offset += Math.ceilDiv(data(fixtures[i]).length, 32) * 32;
        }
        for (String fixture : fixtures) {
            file.data(0).raw(data(fixture));
        }
        return file.bytes();
    }

    private static byte[] data(String fixture) {
        return Fixtures.bytes(fixture + (fixture.startsWith("i2s") ? ".packed.bin" : ".blocks"));
    }

    /** With and without block scales. */
    private static byte[] stored() {
        try (Arena arena = Arena.ofConfined()) {
            byte[] many = stored(TensorType.TQ2_0, 512, 64, Fixtures.ofProof("tq2_0.blocks"), arena);
            byte[] one = stored(TensorType.I2_S, 256, 128, Fixtures.segment("i2s_128x256.packed.bin"), arena);
            return GgufBuilder.header(2, 1)
                    .entry("qk256.version", ValueType.U32)
                    .i32(1)
                    .tensor("one", 24, 0, one.length)
                    .tensor("many", 24, one.length, many.length)
                    .data(0)
                    .raw(one)
                    .raw(many)
                    .bytes();
        } catch (GgufException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] stored(TensorType type, long cols, long rows, MemorySegment data, Arena arena)
            throws GgufException {
        GgufTensor tensor = Fixtures.tensor("t", type, cols, rows, data);
        return Qk256Store.store(Repack.repack(tensor, arena), tensor.dims(), arena)
                .toArray(LittleEndian.I8);
    }
}
