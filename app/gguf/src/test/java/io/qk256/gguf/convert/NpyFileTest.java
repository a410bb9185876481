package io.qk256.gguf.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.spi.support.OutputFile;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyFileTest {

    /** What numpy.save writes for an array of this shape (NumPy 2.4.6). */
    private static final String HEADER_OF_NUMPY = "\u0093NUMPY\u0001\u0000v\u0000"
            + "{'descr': '<f4', 'fortran_order': False, 'shape': (64, 512), }"
            + " ".repeat(55)
            + "\n";

    @Test
    void isWhatNumpyWrites(@TempDir Path dir) throws IOException {
        GgufTensor tensor = Fixtures.tensor("t", TensorType.TQ2_0, 512, 64, Fixtures.ofProof("tq2_0.blocks"));
        Path path = dir.resolve("t.npy");

        NpyFile.write(TensorRows.of(tensor), OutputFile.of(path));

        byte[] bytes = Files.readAllBytes(path);
        byte[] header = HEADER_OF_NUMPY.getBytes(StandardCharsets.ISO_8859_1);
        assertThat(header).hasSize(128);
        assertThat(Arrays.copyOf(bytes, 128)).isEqualTo(header);
        assertThat(Arrays.copyOfRange(bytes, 128, bytes.length))
                .isEqualTo(Fixtures.bytes("/io/qk256/app/check/tq2_0.dequant.f32"));
    }

    @Test
    void isWrittenInPieces(@TempDir Path dir) throws IOException {
        int rows = 1031;
        byte[] data = new byte[rows * 512 * 4];
        ByteBuffer values = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < rows * 512; i++) {
            values.putFloat(i * 0.5f);
        }
        GgufTensor tensor = Fixtures.tensor("t", TensorType.F32, 512, rows, Fixtures.segment(data));
        Path path = dir.resolve("t.npy");

        NpyFile.write(TensorRows.of(tensor), OutputFile.of(path));

        byte[] bytes = Files.readAllBytes(path);
        assertThat(Arrays.copyOfRange(bytes, bytes.length - data.length, bytes.length))
                .isEqualTo(data);
    }

    @Test
    void anArrayIsWritten(@TempDir Path dir) throws IOException {
        Path path = dir.resolve("t.npy");

        NpyFile.write(List.of(new float[] {1, 2, 3}, new float[] {4, 5, 6}), OutputFile.of(path));

        byte[] bytes = Files.readAllBytes(path);
        assertThat(new String(bytes, 0, 128, StandardCharsets.ISO_8859_1)).contains("'shape': (2, 3), }");
        ByteBuffer values = ByteBuffer.wrap(bytes, 128, 24).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 1; i <= 6; i++) {
            assertThat(values.getFloat()).isEqualTo(i);
        }
    }
}
