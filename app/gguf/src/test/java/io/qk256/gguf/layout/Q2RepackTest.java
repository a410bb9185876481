package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import io.qk256.testing.Fixtures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scales of groups of 64 and 128 weights are kept as they are. */
class Q2RepackTest {

    private static float weight(Qk256Matrix matrix, int row, int col) {
        MemorySegment codes = matrix.codes().asSlice(row * matrix.rowStride());
        return matrix.codebook().value(Qk256.code(codes, col)) * matrix.scale(row, col / matrix.group());
    }

    @ParameterizedTest
    @CsvSource({
        "Q2_0, q2_0, 4",
        "Q2_0, q2_0.even, 4",
        "Q2_0, groups/q2_0_codes, 8",
        "Q2_0_G128, groups/q2_0_g128, 8",
        "PQ2_0, groups/q2_0_g128, 8",
        "PTQ1_0, groups/ptq1_0, 8"
    })
    void weightsAreThoseOfTheFixture(TensorType type, String fixture, int rows) throws GgufException {
        GgufTensor tensor = Fixtures.tensor("t", type, 512, rows, Fixtures.segment(fixture + ".blocks"));
        float[] expected = Fixtures.segment(fixture + ".dequant.f32").toArray(LittleEndian.F32);
        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[512];
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            assertThat(matrix.codebook()).isEqualTo(Codebook.Q2_0);
            assertThat(matrix.group()).isEqualTo(type.blockWeights());
            assertThat(matrix.scaleType()).isEqualTo(ScaleType.F16);
            for (int row = 0; row < rows; row++) {
                plain.row(row, values);
                for (int col = 0; col < 512; col++) {
                    float wanted = expected[row * 512 + col];
                    assertThat(weight(matrix, row, col)).isEqualTo(wanted);
                    assertThat(values[col] * plain.scale(row, col / plain.group()))
                            .isEqualTo(wanted);
                }
            }
        }
    }

    /** Memory for codes and scales is that of the blocks. */
    @Test
    void nothingIsWidened() throws GgufException {
        GgufTensor tensor = Fixtures.tensor("t", TensorType.Q2_0, 512, 4, Fixtures.segment("q2_0.blocks"));
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            assertThat(matrix.codes().byteSize()
                            + matrix.groupScales().orElseThrow().byteSize())
                    .isEqualTo(tensor.data().byteSize());
        }
    }

    /** The first row has one scale, so scales are looked at again when a later row has another. */
    @Test
    void scalesThatDifferLaterAreKept() throws GgufException {
        byte[] bytes = new byte[8 * 8 * 18];
        for (int block = 0; block < 64; block++) {
            bytes[block * 18 + 1] = (byte) (block < 40 ? 0x3C : 0x40);
        }
        GgufTensor tensor = Fixtures.tensor("t", TensorType.Q2_0, 512, 8, Fixtures.segment(bytes));
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            for (int row = 0; row < 8; row++) {
                for (int group = 0; group < 8; group++) {
                    assertThat(matrix.groupScale(row, group)).isEqualTo(row < 5 ? 1 : 2);
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
            assertThat(matrix.groupScale(2, 3)).isEqualTo(2);
            assertThat(matrix.groupScale(2, 4)).isEqualTo(1);
            rows.reader(1).read(2, 1, expected, 0);
            for (int col = 0; col < expected.length; col++) {
                assertThat(weight(matrix, 2, col)).as("column %d", col).isEqualTo(expected[col]);
            }
        }
        assertThat(tensor.rows()).isEqualTo(3);
    }
}
