package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.Q8Matrix;
import io.qk256.spi.support.Q8Rounding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The native check compares all numbers. */
class NativeRoundingTest {

    private static final int ROWS = 48;
    private static final int COLS = 64;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment weights = arena.allocate((long) ROWS * COLS * Short.BYTES);
    private final Q8Matrix matrix = Q8Matrix.allocate(arena, ROWS, COLS);
    private final MemorySegment codes = matrix.codes().asSlice(0, ROWS * COLS);
    private final MemorySegment scales = matrix.scales().asSlice(0, ROWS * 2 * Short.BYTES);

    @Test
    void roundsRowsAsTheMatrixOrdersThem() {
        Q8Rounding rounding = rounding();
        for (int i = 0; i < ROWS * COLS; i++) {
            float weight = (i % COLS - 63.5f) * (1 << i / COLS % 8);
            weights.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(weight));
        }

        assertThat(rounding.round(weights, COLS, codes, scales)).isTrue();
        for (int row = 0; row < ROWS; row++) {
            assertThat(matrix.scale(row, 0)).as("row %d", row).isEqualTo(0.5f * (1 << row % 8));
            assertThat(matrix.code(row, 0)).as("row %d", row).isEqualTo((byte) -127);
            assertThat(matrix.code(row, 2)).as("row %d", row).isEqualTo((byte) -123);
        }
        weights.setAtIndex(ValueLayout.JAVA_SHORT, ROWS * COLS - 1, Float.floatToFloat16(Float.NaN));
        assertThat(rounding.round(weights, COLS, codes, scales)).isFalse();
    }

    @Test
    void refusesWhatItCannotRound() {
        Q8Rounding rounding = rounding();
        MemorySegment heap = MemorySegment.ofArray(new short[ROWS * COLS]);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(heap, COLS, codes, scales))
                .withMessageStartingWith("memory: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights, COLS, heap, scales))
                .withMessageStartingWith("memory: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights, COLS - 1, codes, scales))
                .withMessage("columns: 63, expected a multiple of 32");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights, 0, codes, scales))
                .withMessage("columns: 0, expected a multiple of 32");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights.asSlice(2), COLS, codes, scales))
                .withMessage("weights: 6142 bytes, expected a multiple of 2048");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights, COLS, codes.asSlice(1), scales))
                .withMessage("codes: 3071 bytes, expected 3072");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights, COLS, codes, scales.asSlice(2)))
                .withMessage("scales: 190 bytes, expected 192");
    }

    private static Q8Rounding rounding() {
        assumeTrue(Avx2NativeProvider.isUsable(), "the native kernel cannot be used here");
        return Q8Rounding.find().orElseThrow();
    }
}
