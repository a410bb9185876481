package io.qk256.llm.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.HugePages;
import io.qk256.spi.parallel.ParallelTasks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Copies matrices by columns, so that columns can be left out. */
final class Transposition {

    private static final int FOUR = 4;

    /** Rows that are copied together: the bytes that they fill in each column are neighbors. */
    private static final int ROWS_AT_ONCE = 256;

    private Transposition() {}

    /** The bytes of the copy of a matrix. */
    static long bytes(int rows, int cols) {
        return cols * Qk256.rowBytes(rows);
    }

    /** Returns the transposed matrix; codes past its last column are 0. */
    static Qk256Matrix of(Qk256Matrix w, Arena arena) {
        MemorySegment codes = HugePages.allocate(arena, bytes(w.rows(), w.cols()));
        int parts = Math.ceilDiv(w.rows(), ROWS_AT_ONCE);
        ParallelTasks.run(
                parts, Runtime.getRuntime().availableProcessors(), part -> copy(w, part * ROWS_AT_ONCE, codes));
        int height = w.cols();
        int width = w.rows();
        return Qk256Matrix.of(codes, height, width, w.codebook()).withTensorScale(w.tensorScale());
    }

    private static void copy(Qk256Matrix w, int firstRow, MemorySegment to) {
        int rows = Math.min(ROWS_AT_ONCE, w.rows() - firstRow);
        int rowBytes = Math.ceilDiv(w.cols(), FOUR);
        byte[] codes = new byte[ROWS_AT_ONCE * rowBytes];
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(w.codes(), JAVA_BYTE, (firstRow + row) * w.rowStride(), codes, row * rowBytes, rowBytes);
        }
        int fours = ROWS_AT_ONCE / FOUR;
        int filled = Math.ceilDiv(rows, FOUR);
        byte[] columns = new byte[FOUR * fours];
        long stride = Qk256.rowBytes(w.rows());
        for (int at = 0; at < rowBytes; at++) {
            for (int four = 0; four < filled; four++) {
                int from = four * FOUR * rowBytes + at;
                int square = (codes[from] & 0xFF)
                        | (codes[from + rowBytes] & 0xFF) << 8
                        | (codes[from + 2 * rowBytes] & 0xFF) << 16
                        | codes[from + 3 * rowBytes] << 24;
                int turned = transposed(square);
                columns[four] = (byte) turned;
                columns[fours + four] = (byte) (turned >> 8);
                columns[2 * fours + four] = (byte) (turned >> 16);
                columns[3 * fours + four] = (byte) (turned >> 24);
            }
            for (int i = 0; i < Math.min(FOUR, w.cols() - at * FOUR); i++) {
                long place = (at * FOUR + i) * stride + firstRow / FOUR;
                MemorySegment.copy(columns, i * fours, to, JAVA_BYTE, place, filled);
            }
        }
    }

    /** Transposes a square of 4 x 4 codes, a byte for each row: first squares of 2 x 2 change places, then codes in them. */
    static int transposed(int square) {
        int squares = (square ^ (square >>> 12)) & 0x0000_F0F0;
        int half = square ^ squares ^ (squares << 12);
        int codes = (half ^ (half >>> 6)) & 0x00CC_00CC;
        return half ^ codes ^ (codes << 6);
    }
}
