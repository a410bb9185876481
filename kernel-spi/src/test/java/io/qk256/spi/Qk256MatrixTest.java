package io.qk256.spi;

import static io.qk256.spi.BadArguments.closedMemory;
import static io.qk256.spi.BadArguments.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Qk256MatrixTest {

    @ParameterizedTest
    @CsvSource({"1, 1, 64", "8, 256, 512", "8, 257, 1024", "3, 513, 576", "0, 1, 0", "0, 2147483647, 0"})
    void takesExactlyTheBytesThatItNeeds(int rows, int cols, int bytes) {
        MemorySegment codes = bytes(bytes);
        Qk256Matrix w = Qk256Matrix.of(codes, rows, cols, Codebook.QK256);

        assertThat(w.codes()).isSameAs(codes);
        assertThat(w.rows()).isEqualTo(rows);
        assertThat(w.cols()).isEqualTo(cols);
        assertThat(w.blocks()).isEqualTo(Qk256.blocks(cols));
        assertThat(w.rowStride()).isEqualTo(Qk256.rowBytes(cols));
        assertThat(w.codebook()).isEqualTo(Codebook.QK256);
        assertThat(w.blockScales()).isEmpty();
        assertThat(w.tensorScale()).isEqualTo(1);
        assertThat(w).hasToString(rows + "x" + cols + " QK256");
    }

    @ParameterizedTest
    @CsvSource({
        "8, 256, 511, 8 rows x 64 bytes = 512",
        "8, 257, 500, 8 rows x 128 bytes = 1024",
        "1, 1, 0, 1 rows x 64 bytes = 64",
        "2147483647, 2147483647, 64, 2147483647 rows x 536870912 bytes = 1152921504069976064"
    })
    void refusesFewerBytes(int rows, int cols, int bytes, String needed) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Qk256Matrix.of(bytes(bytes), rows, cols, Codebook.QK256))
                .withMessage("codes: " + needed + " bytes needed, got " + bytes);
    }

    @Test
    void takesMoreBytesAtAnyAlignmentReadOnly() {
        MemorySegment codes = bytes(1000).asSlice(3).asReadOnly();
        assertThat(Qk256Matrix.of(codes, 8, 256, Codebook.TERNARY).codes()).isSameAs(codes);
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 256, 'rows: -1, expected 0 or more'",
        "-2147483648, 256, 'rows: -2147483648, expected 0 or more'",
        "1, 0, 'cols: 0, expected 1 or more'",
        "1, -256, 'cols: -256, expected 1 or more'",
        "0, 0, 'cols: 0, expected 1 or more'"
    })
    void refusesShapesThatCannotBe(int rows, int cols, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Qk256Matrix.of(bytes(64), rows, cols, Codebook.QK256))
                .withMessage(message);
    }

    @Test
    void theLastRowNeedsNoPaddingBehindIt() {
        Qk256Matrix w = Qk256Matrix.of(bytes(2 * 100 + 64), 3, 256, Codebook.QK256);
        assertThat(w.withRowStride(100).rowStride()).isEqualTo(100);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> w.withRowStride(101))
                .withMessage("codes: 2 rows x 101 bytes + 64 bytes = 266 bytes needed, got 264");
    }

    @ParameterizedTest
    @ValueSource(longs = {127, 0, -128, Long.MIN_VALUE})
    void refusesAStrideThatIsShorterThanARow(long stride) {
        Qk256Matrix w = Qk256Matrix.of(bytes(128), 1, 257, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> w.withRowStride(stride))
                .withMessage("row stride: " + stride
                        + " bytes, expected 128 or more (257 columns are 2 blocks of 64 bytes)");
    }

    /** The multiplication overflows for three rows, the addition for two. */
    @ParameterizedTest
    @CsvSource({"3, 4611686018427387904", "2, 9223372036854775800"})
    void refusesAStrideThatOverflows(int rows, long stride) {
        Qk256Matrix w = Qk256Matrix.of(bytes(192), rows, 256, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> w.withRowStride(stride))
                .withMessage("codes: " + rows + " rows x " + stride + " bytes do not fit in 63 bits");
    }

    @Test
    void oneRowOrNoneFitsAnyStride() {
        Qk256Matrix one = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256);
        Qk256Matrix none = Qk256Matrix.of(bytes(0), 0, 256, Codebook.QK256);
        assertThatNoException().isThrownBy(() -> one.withRowStride(Long.MAX_VALUE));
        assertThatNoException().isThrownBy(() -> none.withRowStride(Long.MAX_VALUE));
    }

    @Test
    void scaleIsBlockScaleTimesTensorScale() {
        Qk256Matrix plain = Qk256Matrix.of(bytes(256), 2, 257, Codebook.QK256);
        Qk256Matrix tensor = plain.withTensorScale(0.5f);
        Qk256Matrix both = tensor.withBlockScales(MemorySegment.ofArray(new float[] {10, 20, 30, 40}));

        assertThat(plain.blockScale(1, 1)).isEqualTo(1);
        assertThat(plain.scale(1, 1)).isEqualTo(1);
        assertThat(tensor.blockScale(0, 1)).isEqualTo(1);
        assertThat(tensor.scale(0, 1)).isEqualTo(0.5f);
        assertThat(both.blockScale(0, 1)).isEqualTo(20);
        assertThat(both.scale(0, 0)).isEqualTo(5);
        assertThat(both.scale(1, 0)).isEqualTo(15);
        assertThat(both.scale(1, 1)).isEqualTo(20);
        assertThat(both.tensorScale()).isEqualTo(0.5f);
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "2, 0", "0, -1", "0, 2", "-1, 2", "2147483647, 2147483647", "-2147483648, 0"})
    void thereIsNoScaleOutsideTheMatrix(int row, int block) {
        Qk256Matrix plain = Qk256Matrix.of(bytes(256), 2, 257, Codebook.QK256);
        Qk256Matrix scaled = plain.withBlockScales(MemorySegment.ofArray(new float[] {10, 20, 30, 40}));
        for (Qk256Matrix w : List.of(plain, scaled)) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> w.blockScale(row, block));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> w.scale(row, block));
        }
    }

    /** 0.1f * 3 in f32 is 0.3 rounded up; in f64 it would be a different value. */
    @Test
    void scaleIsRoundedOnceToF32() {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256)
                .withBlockScales(MemorySegment.ofArray(new float[] {0.1f}))
                .withTensorScale(3);
        assertThat(w.scale(0, 0)).isEqualTo(0x1.333334p-2f);
    }

    @ParameterizedTest
    @ValueSource(floats = {0, -0.0f, -1, Float.NaN, Float.POSITIVE_INFINITY})
    void anyTensorScaleIsTaken(float scale) {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256).withTensorScale(scale);
        assertThat(Float.floatToRawIntBits(w.scale(0, 0))).isEqualTo(Float.floatToRawIntBits(scale));
    }

    @Test
    void whatIsNotChangedStays() {
        MemorySegment scales = MemorySegment.ofArray(new float[] {1, 2});
        Qk256Matrix w = Qk256Matrix.of(bytes(200), 2, 256, Codebook.TERNARY)
                .withBlockScales(scales)
                .withTensorScale(3)
                .withRowStride(100);
        assertThat(w.rowStride()).isEqualTo(100);
        assertThat(w.blockScales()).containsSame(scales);
        assertThat(w.tensorScale()).isEqualTo(3);
        assertThat(w.codebook()).isEqualTo(Codebook.TERNARY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5})
    void blockScalesAreOneForEachBlock(int floats) {
        Qk256Matrix w = Qk256Matrix.of(bytes(256), 2, 257, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> w.withBlockScales(MemorySegment.ofArray(new float[floats])))
                .withMessage("block scales: 2 rows x 2 blocks x 4 bytes = 16 bytes expected, got " + 4 * floats);
    }

    @Test
    void blockScalesAreWholeAlignedFloats() {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> w.withBlockScales(bytes(4)))
                .withMessage("block scales: the segment is aligned to 1 byte(s), expected 4 or more; use a float[] or"
                        + " off-heap memory on a 4-byte boundary");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(16, 16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> w.withBlockScales(memory.asSlice(2, 4)))
                    .withMessageStartingWith("block scales: the segment is aligned to 2 byte(s), expected 4 or more");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> w.withBlockScales(memory.asSlice(0, 3)))
                    .withMessage("block scales: 3 bytes, expected a multiple of 4 (f32 values)");
        }
    }

    @Test
    void closedMemoryIsRefused() {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256);
        MemorySegment memory = closedMemory(64);
        Qk256Matrix madeInTime;
        try (Arena arena = Arena.ofConfined()) {
            madeInTime = Qk256Matrix.of(arena.allocate(64), 1, 256, Codebook.QK256);
        }

        assertThatIllegalStateException()
                .isThrownBy(() -> Qk256Matrix.of(memory, 1, 256, Codebook.QK256))
                .withMessage("codes: the arena of this segment is closed");
        assertThatIllegalStateException()
                .isThrownBy(() -> madeInTime.withTensorScale(2))
                .withMessage("codes: the arena of this segment is closed");
        assertThatIllegalStateException()
                .isThrownBy(() -> w.withBlockScales(memory))
                .withMessage("block scales: the arena of this segment is closed");
    }

    @Test
    void nullsAreNamed() {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256);
        assertThatNullPointerException()
                .isThrownBy(() -> Qk256Matrix.of(nothing(), 1, 256, Codebook.QK256))
                .withMessage("codes");
        assertThatNullPointerException()
                .isThrownBy(() -> Qk256Matrix.of(bytes(64), 1, 256, nothing()))
                .withMessage("codebook");
        assertThatNullPointerException()
                .isThrownBy(() -> w.withBlockScales(nothing()))
                .withMessage("block scales");
    }

    /** The largest sum is cols * 128 * max|value|, and 2^31 - 1 is the limit: 8388607 = floor((2^31 - 1) / 256). */
    @ParameterizedTest
    @CsvSource({
        "2, 6912, true",
        "2, 8388607, true",
        "2, 8388608, false",
        "63, 266305, true",
        "63, 266306, false",
        "1, 16777215, true",
        "1, 16777216, false",
        "0, 2147483647, true",
        "64, 1, false",
        "0.5, 1, false"
    })
    void integerSumsFitInt32(float value, int cols, boolean integer) {
        Qk256Matrix w = Qk256Matrix.of(bytes(0), 0, cols, new Codebook(0, 0, 0, value));
        assertThat(w.supportsInt8()).isEqualTo(integer);
    }

    private static MemorySegment bytes(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    @Test
    void tellsWhereItsMemoryLies() {
        MemorySegment codes = Arena.ofAuto().allocate(128);
        MemorySegment scales = Arena.ofAuto().allocate(8, 4);
        Qk256Matrix bare = Qk256Matrix.of(codes, 2, 256, Codebook.TERNARY);
        assertThat(bare.isOffHeap()).isTrue();
        assertThat(bare.codesAddress()).isEqualTo(codes.address());
        assertThat(bare.blockScalesAddress()).isZero();
        assertThat(bare.withBlockScales(scales).isOffHeap()).isTrue();
        assertThat(bare.withBlockScales(scales).blockScalesAddress()).isEqualTo(scales.address());
        assertThat(bare.withBlockScales(MemorySegment.ofArray(new float[2])).isOffHeap())
                .isFalse();
        assertThat(Qk256Matrix.of(MemorySegment.ofArray(new byte[64]), 1, 256, Codebook.TERNARY)
                        .isOffHeap())
                .isFalse();
    }

    @Test
    void rowsHaveTheirAddresses() {
        MemorySegment codes = Arena.ofAuto().allocate(2 * 200 + 128);
        MemorySegment scales = Arena.ofAuto().allocate(3 * 2 * 4, 4);
        Qk256Matrix bare = Qk256Matrix.of(codes, 3, 300, Codebook.TERNARY).withRowStride(200);
        assertThat(bare.codesAddress(0)).isEqualTo(codes.address());
        assertThat(bare.codesAddress(2)).isEqualTo(codes.address() + 400);
        assertThat(bare.blockScalesAddress(2)).isZero();
        assertThat(bare.hasBlockScales()).isFalse();
        assertThat(bare.withBlockScales(scales).hasBlockScales()).isTrue();
        assertThat(bare.withBlockScales(scales).blockScalesAddress(2)).isEqualTo(scales.address() + 16);
        Qk256Matrix onHeap = Qk256Matrix.of(MemorySegment.ofArray(new byte[192]).asSlice(64), 2, 256, Codebook.TERNARY);
        assertThat(onHeap.codesAddress(1)).isEqualTo(128);
    }
}
