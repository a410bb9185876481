package io.qk256.testing;

import io.qk256.gguf.GgufFile;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small valid files, to be mutated. */
public final class GoodFiles {

    private GoodFiles() {}

    /** Files with every type of key, with every type of tensor, and with tensors in QK256 layout. */
    public static List<byte[]> all() {
        return List.of(Fixtures.bytes("gguf_allkv.gguf"), everyType(), stored());
    }

    /** A file with a tensor of each readable type. */
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

    /** A file with and without block scales. */
    private static byte[] stored() {
        byte[] many = Fixtures.ofProof("tq2_0.blocks").toArray(ValueLayout.JAVA_BYTE);
        byte[] one = data("i2s_128x256");
        byte[] source = GgufBuilder.header(2, 0)
                .tensor("one", TensorType.I2_S.id(), 0, 256, 128)
                .tensor("many", TensorType.TQ2_0.id(), Math.ceilDiv(one.length, 32L) * 32, 512, 64)
                .data(0)
                .raw(one)
                .data(0)
                .raw(many)
                .bytes();
        try {
            Path stored = Files.createTempFile("stored", ".gguf");
            try (GgufFile file = WeightFile.of(Fixtures.segment(source), "source")) {
                Conversion.convert(file, OutputFile.of(stored), Conversion.Target.QK256, false, 1, Progress.NONE);
                return Files.readAllBytes(stored);
            } finally {
                Files.delete(stored);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
