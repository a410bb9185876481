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
import java.lang.foreign.ValueLayout;
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
        assertThat(w.groupScales()).isEmpty();
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
        Qk256Matrix both = tensor.withGroupScales(
                MemorySegment.ofArray(new float[] {10, 20, 30, 40}), Qk256.BLOCK_WEIGHTS, ScaleType.F32);

        assertThat(plain.groupScale(1, 1)).isEqualTo(1);
        assertThat(plain.scale(1, 1)).isEqualTo(1);
        assertThat(tensor.groupScale(0, 1)).isEqualTo(1);
        assertThat(tensor.scale(0, 1)).isEqualTo(0.5f);
        assertThat(both.groupScale(0, 1)).isEqualTo(20);
        assertThat(both.scale(0, 0)).isEqualTo(5);
        assertThat(both.scale(1, 0)).isEqualTo(15);
        assertThat(both.scale(1, 1)).isEqualTo(20);
        assertThat(both.tensorScale()).isEqualTo(0.5f);
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "2, 0", "0, -1", "0, 2", "-1, 2", "2147483647, 2147483647", "-2147483648, 0"})
    void thereIsNoScaleOutsideTheMatrix(int row, int block) {
        Qk256Matrix plain = Qk256Matrix.of(bytes(256), 2, 257, Codebook.QK256);
        Qk256Matrix scaled = plain.withGroupScales(
                MemorySegment.ofArray(new float[] {10, 20, 30, 40}), Qk256.BLOCK_WEIGHTS, ScaleType.F32);
        for (Qk256Matrix w : List.of(plain, scaled)) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> w.groupScale(row, block));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> w.scale(row, block));
        }
    }

    /** 0.1f * 3 in f32 is 0.3 rounded up; in f64 it would be a different value. */
    @Test
    void scaleIsRoundedOnceToF32() {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256)
                .withGroupScales(MemorySegment.ofArray(new float[] {0.1f}), Qk256.BLOCK_WEIGHTS, ScaleType.F32)
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
                .withGroupScales(scales, Qk256.BLOCK_WEIGHTS, ScaleType.F32)
                .withTensorScale(3)
                .withRowStride(100);
        assertThat(w.rowStride()).isEqualTo(100);
        assertThat(w.groupScales()).containsSame(scales);
        assertThat(w.tensorScale()).isEqualTo(3);
        assertThat(w.codebook()).isEqualTo(Codebook.TERNARY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5})
    void blockScalesAreOneForEachBlock(int floats) {
        Qk256Matrix w = Qk256Matrix.of(bytes(256), 2, 257, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        w.withGroupScales(MemorySegment.ofArray(new float[floats]), Qk256.BLOCK_WEIGHTS, ScaleType.F32))
                .withMessage("group scales: 2 rows x 2 groups x 4 bytes = 16 bytes expected, got " + 4 * floats);
    }

    @ParameterizedTest
    @CsvSource({"64, F16, 5, 20", "128, F16, 3, 12", "256, F16, 2, 8", "64, F32, 5, 40", "128, F32, 3, 24"})
    void groupsHaveScalesOfTheirType(int group, ScaleType type, int groups, int bytes) {
        Qk256Matrix w = Qk256Matrix.of(bytes(256), 2, 257, Codebook.QK256);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scales = arena.allocate(bytes, type.bytes());
            for (int i = 0; i < 2 * groups; i++) {
                if (type == ScaleType.F16) {
                    scales.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(i + 0.5f));
                } else {
                    scales.setAtIndex(ValueLayout.JAVA_FLOAT, i, i + 0.5f);
                }
            }
            Qk256Matrix scaled = w.withGroupScales(scales, group, type).withTensorScale(2);

            assertThat(scaled.group()).isEqualTo(group);
            assertThat(scaled.groups()).isEqualTo(groups);
            assertThat(scaled.scaleType()).isEqualTo(type);
            assertThat(scaled.groupScale(1, groups - 1)).isEqualTo(2 * groups - 0.5f);
            assertThat(scaled.scale(1, 0)).isEqualTo(2 * groups + 1);
            assertThat(scaled.groupScalesAddress(1)).isEqualTo(scales.address() + bytes / 2);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> w.withGroupScales(scales.asSlice(0, bytes - type.bytes()), group, type))
                    .withMessage("group scales: 2 rows x " + groups + " groups x " + type.bytes() + " bytes = " + bytes
                            + " bytes expected, got " + (bytes - type.bytes()));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 32, 96, 255, 512, -64})
    void groupsHave64Or128Or256Weights(int group) {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> w.withGroupScales(MemorySegment.ofArray(new float[4]), group, ScaleType.F32))
                .withMessage("group: " + group + " weights, expected 64, 128 or 256");
    }

    @Test
    void f16ScalesLieOn2ByteBoundaries() {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(16, 16);
            assertThat(w.withGroupScales(memory.asSlice(2, 8), 64, ScaleType.F16)
                            .hasGroupScales())
                    .isTrue();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> w.withGroupScales(memory.asSlice(1, 8), 64, ScaleType.F16))
                    .withMessage("group scales: the segment is aligned to 1 byte(s), expected 2 or more; use a short[]"
                            + " or off-heap memory on a 2-byte boundary");
        }
    }

    @Test
    void blockScalesAreWholeAlignedFloats() {
        Qk256Matrix w = Qk256Matrix.of(bytes(64), 1, 256, Codebook.QK256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> w.withGroupScales(bytes(4), Qk256.BLOCK_WEIGHTS, ScaleType.F32))
                .withMessage("group scales: the segment is aligned to 1 byte(s), expected 4 or more; use a float[] or"
                        + " off-heap memory on a 4-byte boundary");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(16, 16);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> w.withGroupScales(memory.asSlice(2, 4), Qk256.BLOCK_WEIGHTS, ScaleType.F32))
                    .withMessageStartingWith("group scales: the segment is aligned to 2 byte(s), expected 4 or more");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> w.withGroupScales(memory.asSlice(0, 3), Qk256.BLOCK_WEIGHTS, ScaleType.F32))
                    .withMessage("group scales: 3 bytes, expected a multiple of 4 (f32 values)");
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
                .isThrownBy(() -> w.withGroupScales(memory, Qk256.BLOCK_WEIGHTS, ScaleType.F32))
                .withMessage("group scales: the arena of this segment is closed");
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
                .isThrownBy(() -> w.withGroupScales(nothing(), Qk256.BLOCK_WEIGHTS, ScaleType.F32))
                .withMessage("group scales");
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
        assertThat(bare.groupScalesAddress()).isZero();
        assertThat(bare.withGroupScales(scales, Qk256.BLOCK_WEIGHTS, ScaleType.F32)
                        .isOffHeap())
                .isTrue();
        assertThat(bare.withGroupScales(scales, Qk256.BLOCK_WEIGHTS, ScaleType.F32)
                        .groupScalesAddress())
                .isEqualTo(scales.address());
        assertThat(bare.withGroupScales(MemorySegment.ofArray(new float[2]), Qk256.BLOCK_WEIGHTS, ScaleType.F32)
                        .isOffHeap())
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
        assertThat(bare.groupScalesAddress(2)).isZero();
        assertThat(bare.hasGroupScales()).isFalse();
        assertThat(bare.withGroupScales(scales, Qk256.BLOCK_WEIGHTS, ScaleType.F32)
                        .hasGroupScales())
                .isTrue();
        assertThat(bare.withGroupScales(scales, Qk256.BLOCK_WEIGHTS, ScaleType.F32)
                        .groupScalesAddress(2))
                .isEqualTo(scales.address() + 16);
        Qk256Matrix onHeap = Qk256Matrix.of(MemorySegment.ofArray(new byte[192]).asSlice(64), 2, 256, Codebook.TERNARY);
        assertThat(onHeap.codesAddress(1)).isEqualTo(128);
    }
}
