package io.qk256.gguf.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.testing.Fixtures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class RepackTest {

    private static final long SEED = 20_261_123;

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    private static float weight(Qk256Matrix matrix, int row, int col) {
        MemorySegment codes = matrix.codes().asSlice(row * matrix.rowStride());
        return matrix.codebook().value(Qk256.code(codes, col)) * matrix.scale(row, col / matrix.group());
    }

    private static void assertSameBits(Qk256Matrix matrix, MemorySegment expected) {
        for (int row = 0; row < matrix.rows(); row++) {
            for (int col = 0; col < matrix.cols(); col++) {
                float wanted = expected.getAtIndex(LittleEndian.F32, (long) row * matrix.cols() + col);
                assertThat(Float.floatToRawIntBits(weight(matrix, row, col)))
                        .as("row %d, column %d: %s", row, col, wanted)
                        .isEqualTo(Float.floatToRawIntBits(wanted));
            }
        }
    }

    private void assertTernary(
            String fixture, int rows, int cols, float scale, MemorySegment packed, MemorySegment truth)
            throws GgufException {
        GgufTensor tensor = Fixtures.tensor(fixture, TensorType.I2_S, cols, rows, packed);

        Qk256Matrix matrix = Repack.repack(tensor, arena);

        assertThat(matrix.tensorScale()).isEqualTo(scale);
        assertThat(matrix.groupScales()).isEmpty();
        assertThat(matrix.codebook()).isEqualTo(Codebook.TERNARY);
        byte[] plain = new byte[cols];
        for (int row = 0; row < rows; row++) {
            PlainDecoder.of(tensor).row(row, plain);
            for (int col = 0; col < cols; col++) {
                byte wanted = truth.get(LittleEndian.I8, (long) row * cols + col);
                assertThat(Qk256.code(matrix.codes().asSlice(row * matrix.rowStride()), col) - 1)
                        .as("row %d, column %d", row, col)
                        .isEqualTo(wanted);
                assertThat(plain[col]).as("plain, row %d, column %d", row, col).isEqualTo(wanted);
            }
        }
        assertThat(PlainDecoder.of(tensor).scale(rows - 1, 0)).isEqualTo(scale);
    }

    @Test
    void i2sOfBitnetCppIsExact() throws GgufException {
        assertTernary(
                "i2s_128x256",
                128,
                256,
                0.8125f,
                Fixtures.segment("i2s_128x256.packed.bin"),
                Fixtures.segment("i2s_128x256.ternary.i8"));
        assertTernary(
                "i2s_32x2560",
                32,
                2560,
                1.2121199f,
                Fixtures.ofProof("i2s_32x2560.packed.bin"),
                Fixtures.ofProof("i2s_32x2560.ternary.i8"));
    }

    @Test
    void tq2OfGgmlIsExact() throws GgufException {
        GgufTensor tensor = Fixtures.tensor("tq2", TensorType.TQ2_0, 512, 64, Fixtures.ofProof("tq2_0.blocks"));
        Qk256Matrix matrix = Repack.repack(tensor, arena);

        assertThat(matrix.groupScales()).isPresent();
        assertSameBits(matrix, Fixtures.ofProof("tq2_0.dequant.f32"));
        assertPlain(tensor, Fixtures.ofProof("tq2_0.dequant.f32"));
    }

    @Test
    void tq1OfGgmlIsExact() throws GgufException {
        GgufTensor tensor = Fixtures.tensor("tq1", TensorType.TQ1_0, 512, 64, Fixtures.segment("tq1_0.blocks"));

        assertSameBits(Repack.repack(tensor, arena), Fixtures.segment("tq1_0.dequant.f32"));
        assertPlain(tensor, Fixtures.segment("tq1_0.dequant.f32"));
    }

    private static void assertPlain(GgufTensor tensor, MemorySegment expected) {
        PlainDecoder plain = PlainDecoder.of(tensor);
        int cols = (int) tensor.cols();
        byte[] values = new byte[cols];
        for (int row = 0; row < tensor.rows(); row++) {
            plain.row(row, values);
            for (int col = 0; col < cols; col++) {
                float wanted = expected.getAtIndex(LittleEndian.F32, (long) row * cols + col);
                assertThat(Float.floatToRawIntBits(values[col] * plain.scale(row, col / plain.group())))
                        .as("row %d, column %d: %s", row, col, wanted)
                        .isEqualTo(Float.floatToRawIntBits(wanted));
            }
        }
    }

    @Test
    void codeThreeOfTq2IsTwo() throws GgufException {
        GgufTensor tensor = Fixtures.tensor("any", TensorType.TQ2_0, 256, 1, Fixtures.segment("tq2_0.anycode.block"));

        assertSameBits(Repack.repack(tensor, arena), Fixtures.segment("tq2_0.anycode.f32"));
        assertPlain(tensor, Fixtures.segment("tq2_0.anycode.f32"));
    }

    /** All 256 byte values in each of the three parts of a block. */
    @Test
    void everyByteOfTq1HasTheTritsThatGgmlGives() throws GgufException {
        byte[] trits = Fixtures.bytes("tq1_0.byte_to_trits.i8");
        byte[] block = new byte[54];
        block[53] = 0x3C;
        for (int value = 0; value < 256; value++) {
            java.util.Arrays.fill(block, 0, 52, (byte) value);
            GgufTensor tensor = Fixtures.tensor("tq1", TensorType.TQ1_0, 256, 1, Fixtures.segment(block));
            Qk256Matrix matrix = Repack.repack(tensor, arena);
            byte[] plain = new byte[256];
            PlainDecoder.of(tensor).row(0, plain);
            for (int col = 0; col < 256; col++) {
                int digit = col < 160 ? col / 32 : col < 240 ? (col - 160) / 16 : (col - 240) / 4;
                byte wanted = trits[value * 5 + digit];
                assertThat(weight(matrix, 0, col))
                        .as("byte %d, column %d", value, col)
                        .isEqualTo(wanted);
                assertThat(plain[col])
                        .as("plain, byte %d, column %d", value, col)
                        .isEqualTo(wanted);
            }
        }
    }

    /** Widths of one and of several blocks, with and without half a block at the end. */
    @ParameterizedTest
    @CsvSource({"I2_S,1,128", "I2_S,3,384", "I2_S,8,6912", "TQ1_0,3,256", "TQ1_0,5,1280", "TQ2_0,3,256", "TQ2_0,5,1280"
    })
    void agreesWithThePlainDecoderOnRandomBytes(TensorType type, int rows, int cols) throws GgufException {
        byte[] bytes = new byte[Math.toIntExact(type.bytes((long) rows * cols))];
        new SplittableRandom(SEED).nextBytes(bytes);
        makeFinite(type, bytes);
        GgufTensor tensor = Fixtures.tensor("random, seed " + SEED, type, cols, rows, Fixtures.segment(bytes));

        Qk256Matrix matrix = Repack.repack(tensor, arena);

        PlainDecoder plain = PlainDecoder.of(tensor);
        byte[] values = new byte[cols];
        for (int row = 0; row < rows; row++) {
            plain.row(row, values);
            for (int col = 0; col < cols; col++) {
                assertThat(weight(matrix, row, col))
                        .as("%s, row %d, column %d", tensor, row, col)
                        .isEqualTo(values[col] * plain.scale(row, col / plain.group()));
            }
        }
    }

    /** Replaces code 3 by 2 for I2_S, and clears a bit in the exponent of every scale. */
    private static void makeFinite(TensorType type, byte[] bytes) {
        if (type == TensorType.I2_S) {
            for (int i = 0; i < bytes.length - 32; i++) {
                bytes[i] &= (byte) ~(bytes[i] >> 1 & 0x55);
            }
            bytes[bytes.length - 29] &= (byte) 0xBF;
        } else {
            for (int end = type.blockBytes(); end <= bytes.length; end += type.blockBytes()) {
                bytes[end - 1] &= (byte) 0xBF;
            }
        }
    }

    @Test
    void equalScalesOfAllBlocksBecomeTheScaleOfTheTensor() throws GgufException {
        byte[] bytes = new byte[2 * 66];
        bytes[65] = 0x40;
        bytes[131] = 0x40;
        GgufTensor same = Fixtures.tensor("same", TensorType.TQ2_0, 512, 1, Fixtures.segment(bytes));
        assertThat(Repack.repack(same, arena).groupScales()).isEmpty();
        assertThat(Repack.repack(same, arena).tensorScale()).isEqualTo(2);

        bytes[131] = 0x3C;
        GgufTensor different = Fixtures.tensor("different", TensorType.TQ2_0, 512, 1, Fixtures.segment(bytes));
        Qk256Matrix matrix = Repack.repack(different, arena);
        assertThat(matrix.groupScale(0, 0)).isEqualTo(2);
        assertThat(matrix.groupScale(0, 1)).isEqualTo(1);
        assertThat(matrix.tensorScale()).isEqualTo(1);
    }

    @Test
    void bothPackingsOfOneModelGiveTheSameMatrices() throws GgufException {
        GgufFile i2s = WeightFile.of(Fixtures.ofProof("demo-i2_s.gguf"), "i2_s");
        GgufFile tq2 = WeightFile.of(Fixtures.ofProof("demo-tq2_0.gguf"), "tq2_0");
        int compared = 0;
        for (GgufTensor tensor : i2s.tensors()) {
            if (tensor.type() == TensorType.I2_S) {
                Qk256Matrix a = Repack.repack(tensor, arena);
                Qk256Matrix b = Repack.repack(tq2.requireTensor(tensor.name()), arena);
                assertThat(a.codes().mismatch(b.codes())).as(tensor.name()).isEqualTo(-1);
                assertThat(a.tensorScale()).isEqualTo(b.tensorScale());
                assertThat(b.groupScales()).isEmpty();
                compared++;
            }
        }
        assertThat(compared).isEqualTo(42);
    }

    @Test
    void codeThreeOfI2sIsRefusedWithItsPlace() {
        byte[] bytes = Fixtures.bytes("i2s_128x256.packed.bin");
        bytes[5 * 64 + 32 + 7] |= 0b00_11_00_00;
        GgufTensor tensor = Fixtures.tensor("t", TensorType.I2_S, 256, 128, Fixtures.segment(bytes));

        assertThatThrownBy(() -> Repack.repack(tensor, arena))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll("test, tensor t", "row 5, column " + (128 + 32 + 7), "code 3", "ARM");
    }

    @Test
    void dataThatWasNeverWrittenIsRefused() throws GgufException {
        GgufTensor missing = Fixtures.tensor("t", TensorType.I2_S, 128, 1, Fixtures.segment(new byte[64]));
        assertThatThrownBy(() -> Repack.repack(missing, arena))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("the scale is 0 but not all weights are");
        GgufTensor fixture = WeightFile.of(Fixtures.segment("gguf_cases/41_type_36_i2s.gguf"), "41")
                .requireTensor("a");
        assertThatThrownBy(() -> Repack.repack(fixture, arena)).isInstanceOf(GgufException.class);

        byte[] zeros = new byte[64];
        java.util.Arrays.fill(zeros, 0, 32, (byte) 0x55);
        GgufTensor allZero = Fixtures.tensor("z", TensorType.I2_S, 128, 1, Fixtures.segment(zeros));
        assertThat(weight(Repack.repack(allZero, arena), 0, 5)).isZero();
    }

    @Test
    void scalesMustBeFinite() {
        byte[] i2s = new byte[64];
        i2s[34] = (byte) 0x80;
        i2s[35] = 0x7F;
        assertThatThrownBy(() ->
                        Repack.repack(Fixtures.tensor("t", TensorType.I2_S, 128, 1, Fixtures.segment(i2s)), arena))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("the scale is Infinity, expected a finite number");
        byte[] tq2 = new byte[132];
        tq2[131] = 0x7E;
        assertThatThrownBy(() ->
                        Repack.repack(Fixtures.tensor("t", TensorType.TQ2_0, 256, 2, Fixtures.segment(tq2)), arena))
                .isInstanceOf(GgufException.class)
                .hasMessageContaining("the scale of block 1 is NaN");
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            mode = Mode.EXCLUDE,
            names = {"I2_S", "I2_S_ARM", "I2_S_ROWS4", "TQ1_0", "TQ2_0", "Q2_0", "Q2_0_G128", "PQ2_0", "PTQ1_0", "QK256"
            })
    void otherTypesAreRefusedByName(TensorType type) {
        GgufTensor tensor = Fixtures.tensor("t", type, 256, 1, Fixtures.segment(new byte[64]));

        assertThat(Repack.refusal(type)).isPresent();
        assertThatThrownBy(() -> Repack.repack(tensor, arena))
                .isInstanceOf(GgufException.class)
                .hasMessageContainingAll(
                        "tensor t of " + tensor.typeLabel(),
                        Repack.refusal(type).orElseThrow());
        assertThatThrownBy(() -> PlainDecoder.of(tensor)).isInstanceOf(IllegalArgumentException.class);
    }
}
