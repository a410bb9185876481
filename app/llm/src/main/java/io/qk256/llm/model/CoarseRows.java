package io.qk256.llm.model;

import io.qk256.spi.Codebook;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * A copy of 8-bit rows in 4 bits, whose products differ from the rows' own by a bounded error.
 *
 * <p>With {@code step = 2 * max |w| / 15} of the row and a random {@code u} in [0, 1) of the column, the code is
 * {@code q = floor(w / step + 7.5 + u)}, 0 to 15, and stands for {@code step * (q - 7 - u)}. Subtracting the {@code u}
 * that was added makes the error of every weight uniform in {@code [-step/2, step/2)}, whatever the weight is, and
 * independent of the errors of the other columns. {@link ScreenedHeadProduct} says what follows from that.
 *
 * <p>As {@code 2 * q - 15 = 4 * a + b} with a and b of -3, -1, 1 and 3, a row is two rows of a QK256 matrix, so kernels
 * multiply it: row {@code r} is {@code r / 16 * 32 + r mod 16} for a and 16 rows later for b.
 */
final class CoarseRows {

    /** The rows of the planes for 16 rows. */
    static final int TILE_ROWS = 2 * Q8Matrix.TILE_ROWS;

    /** The values of both planes. */
    static final Codebook LEVELS = new Codebook(-3, -1, 1, 3);

    private static final int TILE = Q8Matrix.TILE_ROWS;
    private static final int GROUP = Q8Matrix.GROUP;
    private static final int FOUR = 4;
    private static final int LARGEST_CODE = 15;
    private static final float MIDDLE = LARGEST_CODE / 2f;
    private static final long SEED = 0x5C4EE2;

    private final Qk256Matrix planes;
    private final float[] dither;
    private final float[] steps;
    private final float[] norms;

    /** Creates rows to be {@linkplain #fill filled}. */
    CoarseRows(int rows, int cols, Arena arena) {
        int planeRows = Math.multiplyExact(Math.ceilDiv(rows, TILE), TILE_ROWS);
        MemorySegment codes = HugePages.allocate(arena, planeRows * Qk256.rowBytes(cols));
        this.planes = Qk256Matrix.of(codes, planeRows, cols, LEVELS);
        this.steps = new float[rows];
        this.norms = new float[rows];
        this.dither = new float[cols];
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < cols; i++) {
            dither[i] = (random.nextInt() >>> 8) * 0x1p-24f;
        }
    }

    /** The codes: a matrix of {@value #TILE_ROWS} rows for every 16. */
    Qk256Matrix planes() {
        return planes;
    }

    /** What was added to each column before rounding, in steps of the row: at least 0, below 1. */
    float[] dither() {
        return dither;
    }

    /** The step of each row. */
    float[] steps() {
        return steps;
    }

    /** The length of each row: the root of the sum of its squares. */
    float[] norms() {
        return norms;
    }

    long bytes() {
        return planes.codes().byteSize() + (long) (steps.length + norms.length) * Float.BYTES;
    }

    /**
     * Copies rows {@code [from, to)}; {@code from} is a multiple of 16. Different threads may copy different rows at
     * once.
     */
    void fill(Q8Matrix rows, int from, int to) {
        Copy copy = new Copy(rows);
        for (int first = from; first < to; first += TILE) {
            copy.tile(first, Math.min(TILE, to - first));
        }
    }

    /** The buffers of a thread. It runs once, while the JVM has compiled little code: plain loops are soon fast. */
    private final class Copy {

        private final Q8Matrix source;
        private final int cols;
        private final int groups;
        private final int[] tile;
        private final short[] scales;
        private final int[] codes;
        private final float[] factors;
        private final int[] quarters;
        private final byte[] high;
        private final byte[] low;

        Copy(Q8Matrix source) {
            this.source = source;
            this.cols = source.cols();
            this.groups = source.groups();
            this.tile = new int[groups * GROUP / FOUR * TILE];
            this.scales = new short[groups * TILE];
            this.codes = new int[groups * GROUP];
            this.factors = new float[groups * GROUP];
            this.quarters = new int[(int) Qk256.rowBytes(cols) * FOUR];
            this.high = new byte[quarters.length / FOUR];
            this.low = new byte[quarters.length / FOUR];
        }

        void tile(int first, int count) {
            MemorySegment.copy(
                    source.codes(), ValueLayout.JAVA_INT_UNALIGNED, source.codeAt(first, 0), tile, 0, tile.length);
            MemorySegment.copy(
                    source.scales(), ValueLayout.JAVA_SHORT, source.scaleAt(first, 0), scales, 0, scales.length);
            long rowBytes = planes.rowStride();
            for (int row = 0; row < count; row++) {
                row(row, first + row);
                long at = (first / TILE * (long) TILE_ROWS + row) * rowBytes;
                MemorySegment.copy(high, 0, planes.codes(), ValueLayout.JAVA_BYTE, at, high.length);
                MemorySegment.copy(low, 0, planes.codes(), ValueLayout.JAVA_BYTE, at + TILE * rowBytes, low.length);
            }
        }

        private void row(int inTile, int row) {
            unpack(inTile);
            float max = 0;
            double squares = 0;
            for (int group = 0; group < groups; group++) {
                double scale = Float.float16ToFloat(scales[group * TILE + inTile]);
                int largest = 0;
                int sum = 0;
                for (int i = group * GROUP; i < Math.min(cols, (group + 1) * GROUP); i++) {
                    largest = Math.max(largest, Math.abs(codes[i]));
                    sum += codes[i] * codes[i];
                }
                max = Math.max(max, (float) Math.abs(largest * scale));
                squares += sum * scale * scale;
            }
            float step = 2 * max / LARGEST_CODE;
            steps[row] = step;
            norms[row] = (float) Math.sqrt(squares);
            float inverse = step == 0 ? 0 : 1 / step;
            for (int group = 0; group < groups; group++) {
                float factor = Float.float16ToFloat(scales[group * TILE + inTile]) * inverse;
                for (int i = group * GROUP; i < (group + 1) * GROUP; i++) {
                    factors[i] = factor;
                }
            }
            for (int i = 0; i < cols; i++) {
                quarters[i] = Math.min(LARGEST_CODE, (int) (codes[i] * factors[i] + MIDDLE + dither[i]));
            }
            for (int i = 0; i < high.length; i++) {
                int a = quarters[FOUR * i];
                int b = quarters[FOUR * i + 1];
                int c = quarters[FOUR * i + 2];
                int d = quarters[FOUR * i + 3];
                high[i] = (byte) ((a >> 2) | (b & 12) | ((c & 12) << 2) | ((d & 12) << 4));
                low[i] = (byte) ((a & 3) | ((b & 3) << 2) | ((c & 3) << 4) | ((d & 3) << 6));
            }
        }

        private void unpack(int inTile) {
            for (int four = 0; four < tile.length / TILE; four++) {
                int bits = tile[four * TILE + inTile];
                codes[FOUR * four] = (byte) bits;
                codes[FOUR * four + 1] = (byte) (bits >> 8);
                codes[FOUR * four + 2] = (byte) (bits >> 16);
                codes[FOUR * four + 3] = bits >> 24;
            }
        }
    }
}
