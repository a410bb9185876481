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

    @Test
    void roundsTheRowsOfTheRangeAndNoOthers() {
        Q8Rounding rounding = rounding();
        for (int i = 0; i < ROWS * COLS; i++) {
            weights.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(i % COLS - 63.5f));
        }

        assertThat(rounding.round(weights, matrix, 16, 32)).isTrue();
        for (int row = 0; row < ROWS; row++) {
            float scale = row / 16 == 1 ? 0.5f : 0;
            assertThat(matrix.scale(row, 0)).as("row %d", row).isEqualTo(scale);
            assertThat(matrix.code(row, 0)).as("row %d", row).isEqualTo((byte) (row / 16 == 1 ? -127 : 0));
            assertThat(matrix.code(row, 2)).as("row %d", row).isEqualTo((byte) (row / 16 == 1 ? -123 : 0));
        }
    }

    @Test
    void refusesWhatItCannotRound() {
        Q8Rounding rounding = rounding();
        Q8Matrix narrow = Q8Matrix.allocate(arena, ROWS, COLS - 1);
        MemorySegment heap = MemorySegment.ofArray(new short[ROWS * COLS]);
        Q8Matrix onHeap = Q8Matrix.of(
                MemorySegment.ofArray(new byte[ROWS * COLS]), MemorySegment.ofArray(new short[ROWS * 2]), ROWS, COLS);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(heap, matrix, 0, ROWS))
                .withMessageStartingWith("memory: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights, onHeap, 0, ROWS))
                .withMessageStartingWith("memory: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights, narrow, 0, ROWS))
                .withMessage("columns: 63, expected a multiple of 32");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rounding.round(weights.asSlice(2), matrix, 0, ROWS))
                .withMessage("weights: 6142 bytes, expected 2 for each of 48x64 Q8");
        int[][] ranges = {{-16, 16}, {8, 16}, {0, 47}, {32, 16}, {32, 64}};
        for (int[] range : ranges) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> rounding.round(weights, matrix, range[0], range[1]))
                    .withMessage("rows: " + range[0] + " to " + range[1] + " of 48, expected multiples of 16");
        }
    }

    private static Q8Rounding rounding() {
        assumeTrue(new NativeRounding().rounding().isPresent(), "the native kernel cannot be used here");
        return Q8Rounding.find().orElseThrow();
    }
}
