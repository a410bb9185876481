package io.qk256.spi;

import static io.qk256.spi.BadArguments.closedMemory;
import static io.qk256.spi.BadArguments.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.qk256.spi.parallel.ParallelKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class I16BatchTest {

    private static final int ROWS = 300;
    private static final int COLS = 75;

    private final RecordingKernel kernel = new RecordingKernel();
    private final Q8Matrix w = Q8Matrix.allocate(Arena.ofAuto(), ROWS, COLS);

    @Test
    void viewsAnArrayColumnByColumn() {
        short[] values = {1, 2, 3, 4, 5, 6};
        I16Batch batch = I16Batch.of(values, 2, 3);
        values[4] = 5000;
        batch.scale(1, 5);

        assertThat(batch.columns()).isEqualTo(2);
        assertThat(batch.length()).isEqualTo(3);
        assertThat(batch.scale(0)).isEqualTo(1);
        assertThat(batch.scale(1)).isEqualTo(5);
        assertThat(batch).hasToString("i16[2 columns x 3]");
        short[] copy = new short[3];
        batch.copy(1, 1, copy, 2);
        assertThat(copy).containsExactly(5000, 6, 0);
        assertThat(batch.isOffHeap()).isFalse();
        assertThat(batch.address(2)).isEqualTo(12);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 3, Integer.MAX_VALUE})
    void thereIsNoOtherColumn(int column) {
        I16Batch batch = I16Batch.of(new short[6], 3, 2);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> batch.scale(column));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> batch.scale(column, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> batch.copy(column, 0, new short[2], 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .as("past the end of a column")
                .isThrownBy(() -> batch.copy(0, 1, new short[2], 2));
    }

    @ParameterizedTest
    @ValueSource(floats = {0, -1, Float.NaN, Float.POSITIVE_INFINITY})
    void scalesAreFiniteAndPositive(float scale) {
        I16Batch batch = I16Batch.of(new short[6], 3, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> batch.scale(2, scale))
                .withMessage("activation scale: " + scale + ", expected finite and above 0");
    }

    @Test
    void shapesAndMemoryThatAreNoneAreRefused() {
        MemorySegment none = MemorySegment.ofArray(new short[0]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I16Batch.of(none, 0, 4))
                .withMessage("columns: 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I16Batch.allocate(Arena.global(), 4, 1L << 60))
                .withMessage("length: 1152921504606846976, expected 0 to 1152921504606846975");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I16Batch.of(new short[7], 3, 2))
                .withMessage("i16 matrix: 3 columns x 2 values x 2 bytes = 12 bytes expected, got 14");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I16Batch.of(MemorySegment.ofArray(new byte[12]), 3, 2))
                .withMessageContaining("i16 matrix: the segment is aligned to 1 byte(s), expected 2 or more");
        assertThatIllegalStateException()
                .isThrownBy(() -> I16Batch.of(closedMemory(8), 2, 2))
                .withMessage("i16 matrix: the arena of this segment is closed");
        assertThatNullPointerException()
                .isThrownBy(() -> I16Batch.of(BadArguments.<short[]>nothing(), 2, 4))
                .withMessage("values");
        assertThatNullPointerException().isThrownBy(() -> I16Batch.allocate(nothing(), 2, 4));
    }

    @Test
    void allocatedMemoryIsZeroedOnACacheLine() {
        try (Arena arena = Arena.ofConfined()) {
            I16Batch batch = I16Batch.allocate(arena, 2, 33);
            assertThat(batch.segment().address() % 64).isZero();
            assertThat(batch.segment().toArray(ValueLayout.JAVA_SHORT)).isEqualTo(new short[66]);
            assertThat(batch.address(1)).isEqualTo(batch.segment().address() + 66);
        }
    }

    @Test
    void aProductChecksItsArguments() {
        I16Batch x = I16Batch.of(new short[2 * COLS], 2, COLS);
        F32Vector y = F32Vector.of(new float[2 * ROWS]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.gemm(w, x, 3, ROWS + 1, y))
                .withMessage("rows: [3, 301), expected a range within [0, 300)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.gemm(w, I16Batch.of(new short[2 * COLS - 2], 2, COLS - 1), y))
                .withMessage("x: length 74, expected 75 or more (cols)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.gemm(w, x, F32Vector.of(new float[2 * ROWS - 1])))
                .withMessage("y: length 599, expected 600 or more (columns x rows)");
        MemorySegment shared = Arena.ofAuto().allocate(8L * ROWS, 4);
        I16Batch overlapping = I16Batch.of(shared.asSlice(0, 4 * COLS), 2, COLS);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.gemm(w, overlapping, F32Vector.of(shared)))
                .withMessage("y overlaps x; results need memory of their own");
        I16Batch gone;
        try (Arena closed = Arena.ofShared()) {
            gone = I16Batch.allocate(closed, 2, COLS);
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> kernel.gemm(w, gone, y))
                .withMessage("x: the arena of this segment is closed");
        kernel.gemm(w, x, 7, 7, y);
        assertThat(kernel.calls).as("nothing but valid calls").isEmpty();
        kernel.gemm(w, x, y);
        assertThat(kernel.calls).hasSize(1);
    }

    /** Sums of int8 codes and int16 activations in long, of f16 scales in f64. */
    @Test
    void plainJavaAndItsPartsAreExact() {
        Random random = new Random(7);
        short[] values = new short[3 * COLS];
        for (int i = 0; i < values.length; i++) {
            values[i] = (short) (i % 5 == 0 ? Short.MIN_VALUE : random.nextInt());
        }
        I16Batch x = I16Batch.of(values, 3, COLS);
        x.scale(2, 0.3f);
        float[] expected = new float[3 * ROWS];
        for (int row = 0; row < ROWS; row++) {
            double[] sums = new double[3];
            for (int group = 0; group < w.groups(); group++) {
                w.scales().set(ValueLayout.JAVA_SHORT, w.scaleAt(row, group), (short) (0x3000 + 100 * group + row));
                long[] ofGroup = new long[3];
                for (int col = group * 32; col < Math.min(COLS, (group + 1) * 32); col++) {
                    byte code = (byte) (random.nextInt(3) == 0 ? Byte.MIN_VALUE : random.nextInt());
                    w.codes().set(ValueLayout.JAVA_BYTE, w.codeAt(row, col), code);
                    for (int i = 0; i < 3; i++) {
                        ofGroup[i] += (long) code * values[i * COLS + col];
                    }
                }
                for (int i = 0; i < 3; i++) {
                    sums[i] += (double) ofGroup[i] * w.scale(row, group);
                }
            }
            for (int i = 0; i < 3; i++) {
                expected[i * ROWS + row] = (float) sums[i] / x.scale(i);
            }
        }
        Kernel plain = new PlainProducts();
        F32Vector y = F32Vector.of(new float[3 * ROWS]);
        plain.gemm(w, x, y);
        assertThat(y.toArray()).isEqualTo(expected);
        try (ParallelKernel parallel = ParallelKernel.withThreads(plain, 3)) {
            F32Vector some = F32Vector.of(new float[3 * ROWS]);
            parallel.gemm(w, x, 5, ROWS - 9, some);
            for (int i = 0; i < 3; i++) {
                Arrays.fill(expected, i * ROWS, i * ROWS + 5, 0);
                Arrays.fill(expected, (i + 1) * ROWS - 9, (i + 1) * ROWS, 0);
            }
            assertThat(some.toArray()).isEqualTo(expected);
        }
    }

    /** What a kernel without code of its own does. */
    private static final class PlainProducts extends Kernel {

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {}

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {}

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {}
    }
}
