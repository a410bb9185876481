package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Int8HeadTest {

    private static final int COLS = 128;
    /** More rows than are converted at once. */
    private static final int ROWS = 11;

    /** Of ordinary size, so small that scales are subnormal in f16, so small that scales are 0, and all zeros. */
    @ParameterizedTest
    @ValueSource(doubles = {1, 300, 1e-4, 1e-6, 0})
    void weightsAreTheNearestMultiplesOfTheirScale(double size) {
        SplittableRandom random = new SplittableRandom(7);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment halves = arena.allocate(ROWS * COLS * Short.BYTES, 64);
            for (int i = 0; i < ROWS * COLS; i++) {
                short half = Float.floatToFloat16((float) (random.nextGaussian() * size));
                halves.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
            }
            Int8Head head = new Int8Head(PlainReductions::new, ROWS, COLS, arena);
            head.fill(DenseMatrix.ofHalves(halves, ROWS, COLS), 0, ROWS);
            for (int i = 0; i < COLS; i++) {
                float[] unit = new float[COLS];
                unit[i] = 1;
                float[] logits = new float[ROWS];
                head.rows(unit, logits, 0, ROWS);
                for (int row = 0; row < ROWS; row++) {
                    assertThat(logits[row]).as("row %d, column %d", row, i).isEqualTo(expected(halves, row, i));
                }
            }
        }
    }

    private static float expected(MemorySegment halves, int row, int col) {
        float max = 0;
        for (int i = col / 32 * 32; i < col / 32 * 32 + 32; i++) {
            max = Math.max(max, Math.abs(at(halves, row, i)));
        }
        float scale = Float.float16ToFloat(Float.floatToFloat16(max / 127));
        double code = scale == 0 ? 0 : Math.rint(at(halves, row, col) * (1 / scale));
        return (float) Math.clamp(code, -127, 127) * scale;
    }

    private static float at(MemorySegment halves, int row, int col) {
        return Float.float16ToFloat(halves.getAtIndex(ValueLayout.JAVA_SHORT, (long) row * COLS + col));
    }
}
