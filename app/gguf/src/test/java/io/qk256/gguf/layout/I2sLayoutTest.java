package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.testing.Fixtures;
import io.qk256.testing.GgufBuilder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One matrix, packed by the three branches of bitnet.cpp's quantizer. */
class I2sLayoutTest {

    private static final int ROWS = 32;
    private static final int COLS = 2560;

    private static MemorySegment packed(I2sLayout layout) {
        return switch (layout) {
            case X86 -> Fixtures.ofProof("i2s_32x2560.packed.bin");
            case ARM -> Fixtures.segment("i2s_32x2560.packed_arm.bin");
            case ROWS4 -> Fixtures.segment("i2s_32x2560.packed_rows4.bin");
        };
    }

    private static GgufTensor tensor(I2sLayout layout, MemorySegment packed) {
        return Fixtures.tensor("t", layout.type(), COLS, ROWS, packed);
    }

    @ParameterizedTest
    @EnumSource(I2sLayout.class)
    void everyLayoutGivesTheWeightsThatWerePacked(I2sLayout layout) throws GgufException {
        GgufTensor tensor = tensor(layout, packed(layout));
        MemorySegment truth = Fixtures.ofProof("i2s_32x2560.ternary.i8");
        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[COLS];
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            assertThat(matrix.tensorScale()).isEqualTo(1.2121199f);
            assertThat(plain.scale(ROWS - 1, 0)).isEqualTo(1.2121199f);
            for (int row = 0; row < ROWS; row++) {
                plain.row(row, values);
                MemorySegment codes = matrix.codes().asSlice(row * matrix.rowStride());
                for (int col = 0; col < COLS; col++) {
                    byte wanted = truth.get(LittleEndian.I8, (long) row * COLS + col);
                    assertThat(Qk256.code(codes, col) - 1)
                            .as("row %d, column %d", row, col)
                            .isEqualTo(wanted);
                    assertThat(values[col]).as("plain").isEqualTo(wanted);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(I2sLayout.class)
    void aWrongLayoutGivesOtherWeights(I2sLayout layout) throws GgufException {
        I2sLayout wrong = layout == I2sLayout.X86 ? I2sLayout.ARM : I2sLayout.X86;
        try (Arena arena = Arena.ofConfined()) {
            Qk256Matrix right = Repack.repack(tensor(layout, packed(layout)), arena);
            Qk256Matrix other = Repack.repack(tensor(wrong, packed(layout)), arena);
            assertThat(right.codes().mismatch(other.codes())).isNotNegative();
        }
    }

    @ParameterizedTest
    @EnumSource(I2sLayout.class)
    void codeThreeIsRefusedWithItsPlaceAndTheOtherLayouts(I2sLayout layout) throws GgufException {
        MemorySegment packed = packed(layout);
        packed.set(LittleEndian.I8, 5_000, (byte) (packed.get(LittleEndian.I8, 5_000) | 0b11));
        GgufTensor tensor = tensor(layout, packed);
        String place = switch (layout) {
            case X86 -> "row 7, column " + (5_000 % 640 / 32 * 128 + 96 + 5_000 % 32);
            case ARM -> "row 7, column " + (5_000 % 640 / 16 * 64 + 48 + 5_000 % 16);
            case ROWS4 -> "row 7, column " + (5_000 - 2560);
        };

        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Repack.repack(tensor, arena))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContainingAll(tensor.type().label(), place + " has code 3", "arm", "rows4");
        }
    }

    @Test
    void fourRowsAtOnceMustComeOut() throws GgufException {
        GgufTensor tensor =
                Fixtures.tensor("t", TensorType.I2_S_ROWS4, 128, 6, Fixtures.segment(new byte[128 * 6 / 4 + 32]));
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Repack.repack(tensor, arena))
                    .isInstanceOf(GgufException.class)
                    .hasMessageContaining("has 6 rows, expected a multiple of 4");
        }
    }

    @Test
    void theLayoutIsSaidWhenAFileIsOpened(@TempDir Path dir) throws IOException {
        byte[] data = packed(I2sLayout.ARM).toArray(LittleEndian.I8);
        Path path = dir.resolve("arm.gguf");
        GgufBuilder builder = GgufBuilder.header(1, 0).tensor("t", 36, 0, COLS, ROWS);
        Files.write(path, builder.data(0).raw(data).bytes());

        try (GgufFile file = WeightFile.open(path, I2sLayout.ARM)) {
            GgufTensor tensor = file.requireTensor("t");
            assertThat(tensor.type()).isEqualTo(TensorType.I2_S_ARM);
            assertThat(tensor).hasToString(path + ", tensor t of I2_S (type 36) in the ARM layout, 32x2560");
            assertThat(tensor.data().toArray(LittleEndian.I8)).isEqualTo(data);
        }
        try (GgufFile file = WeightFile.open(path)) {
            assertThat(file.requireTensor("t").type()).isEqualTo(TensorType.I2_S);
        }
    }
}
