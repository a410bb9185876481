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
        return List.of(
                Fixtures.bytes("gguf_allkv.gguf"),
                everyType(),
                Fixtures.bytes("groups/one-q2_0-g128-first.gguf"),
                Fixtures.bytes("families/split-00001-of-00003.gguf"),
                stored());
    }

    private record Stored(String fixture, int type, long cols, long rows) {}

    /** A file with a tensor of each readable type. */
    private static byte[] everyType() {
        List<Stored> tensors = List.of(
                new Stored("f16", 1, 512, 1),
                new Stored("bf16", 30, 512, 1),
                new Stored("q8_0", 8, 512, 4),
                new Stored("q6_k", 14, 512, 4),
                new Stored("q5_k", 13, 512, 4),
                new Stored("q4_k", 12, 512, 4),
                new Stored("q5_1", 7, 512, 4),
                new Stored("q5_0", 6, 512, 4),
                new Stored("q4_1", 3, 512, 4),
                new Stored("q4_0", 2, 512, 4),
                new Stored("q2_0.even", 42, 512, 4),
                new Stored("groups/q2_0_g128", 142, 512, 8),
                new Stored("groups/ptq1_0", 143, 512, 8),
                new Stored("i2s_128x256", 36, 256, 128));
        GgufBuilder file = GgufBuilder.header(tensors.size(), 0);
        int offset = 0;
        for (Stored tensor : tensors) {
            file.tensor(tensor.fixture(), tensor.type(), offset, tensor.cols(), tensor.rows());
            offset += Math.ceilDiv(data(tensor.fixture()).length, 32) * 32;
        }
        for (Stored tensor : tensors) {
            file.data(0).raw(data(tensor.fixture()));
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
