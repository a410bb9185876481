package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.testing.Fixtures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Q2_0 has four scales where QK256 has one. */
class Q2RepackTest {

    private static float weight(Qk256Matrix matrix, int row, int col) {
        MemorySegment codes = matrix.codes().asSlice(row * matrix.rowStride());
        return matrix.codebook().value(Qk256.code(codes, col)) * matrix.scale(row, col / 256);
    }

    @Test
    void equalScalesOfEachBlockFit() throws GgufException {
        GgufTensor tensor = Fixtures.tensor("t", TensorType.Q2_0, 512, 4, Fixtures.segment("q2_0.even.blocks"));
        float[] expected = Fixtures.segment("q2_0.even.dequant.f32").toArray(LittleEndian.F32);
        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[512];
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            assertThat(matrix.codebook()).isEqualTo(Codebook.Q2_0);
            assertThat(matrix.groupScales()).isPresent();
            for (int row = 0; row < 4; row++) {
                plain.row(row, values);
                for (int col = 0; col < 512; col++) {
                    assertThat(weight(matrix, row, col)).isEqualTo(expected[row * 512 + col]);
                    assertThat(values[col] * plain.scale(row, col / 256)).isEqualTo(expected[row * 512 + col]);
                }
            }
        }
    }

    @Test
    void rowsMayEndWithinABlock() throws GgufException {
        byte[] bytes = Fixtures.bytes("q2_0.even.blocks");
        GgufTensor tensor = Fixtures.tensor("t", TensorType.Q2_0, 64 * 5, 3, Fixtures.segment(bytes));
        for (int block = 0; block < 15; block++) {
            bytes[block * 18] = 0;
            bytes[block * 18 + 1] = (byte) (block % 5 < 4 ? 0x40 : 0x3C);
        }
        GgufTensor scaled = Fixtures.tensor("t", TensorType.Q2_0, 64 * 5, 3, Fixtures.segment(bytes));
        TensorRows rows = TensorRows.of(scaled);
        float[] expected = new float[64 * 5];
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(scaled, arena);
            assertThat(matrix.groupScale(2, 0)).isEqualTo(2);
            assertThat(matrix.groupScale(2, 1)).isEqualTo(1);
            rows.reader(1).read(2, 1, expected, 0);
            for (int col = 0; col < expected.length; col++) {
                assertThat(weight(matrix, 2, col)).as("column %d", col).isEqualTo(expected[col]);
            }
        }
        assertThat(tensor.rows()).isEqualTo(3);
    }

    @Test
    void differentScalesOfABlockAreRefusedWithTheirPlace() throws GgufException {
        byte[] bytes = Fixtures.bytes("q2_0.even.blocks");
        bytes[(8 + 6) * 18 + 1] = 0x40;
        GgufTensor tensor = Fixtures.tensor("t", TensorType.Q2_0, 512, 4, Fixtures.segment(bytes));
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Repack.repack(tensor, arena))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContainingAll("row 1, columns 384 to 447 have the scale 2", "expected 0.5");
        }
    }
}
