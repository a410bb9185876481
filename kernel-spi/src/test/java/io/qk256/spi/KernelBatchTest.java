package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A kernel that does not implement GEMM itself. */
class KernelBatchTest {

    private static final int ROWS = 3;
    private static final int COLS = 4;
    private static final int COLUMNS = 5;

    /** Writes row and scale, and records the columns. */
    private static final class Loop extends Kernel {

        final List<I8Vector> seen = new ArrayList<>();

        @Override
        protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
            throw new AssertionError("not asked for");
        }

        @Override
        protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
            throw new AssertionError("not asked for");
        }

        @Override
        protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
            assertThat(y.length()).isEqualTo(w.rows());
            seen.add(x);
            for (int row = fromRow; row < toRow; row++) {
                y.set(row, 10 * x.scale() + row);
            }
        }
    }

    @Test
    void takesOneColumnAfterTheOther() {
        Qk256Matrix w =
                Qk256Matrix.of(MemorySegment.ofArray(new byte[ROWS * Qk256.BLOCK_BYTES]), ROWS, COLS, Codebook.TERNARY);
        I8Batch x = I8Batch.of(new byte[COLUMNS * COLS], COLUMNS, COLS);
        for (int i = 0; i < COLUMNS; i++) {
            x.column(i).scale(i + 1);
        }
        float[] y = new float[COLUMNS * ROWS];
        Arrays.fill(y, -1);
        Loop kernel = new Loop();
        kernel.gemm(w, x, 1, 3, F32Vector.of(y));

        assertThat(kernel.seen).containsExactly(x.column(0), x.column(1), x.column(2), x.column(3), x.column(4));
        assertThat(y).containsExactly(-1, 11, 12, -1, 21, 22, -1, 31, 32, -1, 41, 42, -1, 51, 52);
    }
}
