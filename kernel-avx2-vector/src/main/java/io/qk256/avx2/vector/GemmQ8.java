package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.qk256.spi.F32Vector;
import io.qk256.spi.Q8Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * GEMM of 8-bit rows: its loops over columns of activations, tiles of rows, and groups. A few columns share the loads of
 * codes. What a group sums depends on the type of the activations, whose scratch arrays a thread keeps.
 */
abstract sealed class GemmQ8 permits GemmQ8Bytes, GemmQ8Shorts {

    /** Groups of columns that are arranged at a time. */
    static final int GROUPS = 256;

    static final int ROWS = Q8Matrix.TILE_ROWS;

    /** Values of activations that are processed together. */
    static final int FOURS = Q8Matrix.GROUP / 4;

    static final int FOUR_BYTES = 4 * ROWS;

    /** Tiles whose sums are kept while the parts of a wider matrix pass. */
    private static final int TILES = 16;

    private static final int QUARTER = 4;
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_256;

    private final int together;
    private final double[][] multipliers;
    private final short[] halves = new short[GROUPS * ROWS];
    private final float[] scales = new float[GROUPS * ROWS];
    private final double[][] sums;
    private final int[] sumsOfGroup;

    /** With so many columns of activations that share loads. */
    GemmQ8(int together) {
        this.together = together;
        this.multipliers = new double[together][GROUPS];
        this.sums = new double[together][TILES * ROWS];
        this.sumsOfGroup = new int[together * ROWS];
    }

    /** The scale of a column of activations. */
    abstract float scale(int column);

    /**
     * Arranges some groups of a column for {@link #sum}, and writes their multipliers. Zeros replace what is past the last
     * of {@code cols} columns, so that padding codes add nothing.
     */
    abstract void arrange(int column, int fromGroup, int groups, int cols, int place, double[] multipliersOfGroups);

    /**
     * Sums a group: code times activation.
     *
     * @param offset of the group's codes
     * @param group of those that are arranged
     * @param columns how many are arranged; those in further places may be summed, too
     * @param sums receives the sums of {@value #ROWS} rows for each place
     */
    abstract void sum(MemorySegment codes, long offset, int group, int columns, int[] sums);

    final void rows(Q8Matrix w, int columns, int fromRow, int toRow, F32Vector y) {
        for (int column = 0; column < columns; column += together) {
            int some = Math.min(together, columns - column);
            for (int first = fromRow / ROWS * ROWS; first < toRow; first += TILES * ROWS) {
                int tiles = Math.min(TILES, Math.ceilDiv(toRow - first, ROWS));
                for (double[] ofColumn : sums) {
                    Arrays.fill(ofColumn, 0);
                }
                for (int group = 0; group < w.groups(); group += GROUPS) {
                    int groups = Math.min(GROUPS, w.groups() - group);
                    for (int i = 0; i < some && (first <= fromRow || w.groups() > GROUPS); i++) {
                        arrange(column + i, group, groups, w.cols(), i, multipliers[i]);
                    }
                    for (int tile = 0; tile < tiles; tile++) {
                        addTile(w, first + tile * ROWS, group, groups, some, tile * ROWS);
                    }
                }
                int from = Math.max(first, fromRow);
                int to = Math.min(first + tiles * ROWS, toRow);
                for (int i = 0; i < some; i++) {
                    for (int row = from; row < to; row++) {
                        float sum = (float) sums[i][row - first];
                        y.set((long) (column + i) * w.rows() + row, sum / scale(column + i));
                    }
                }
            }
        }
    }

    private void addTile(Q8Matrix w, int row, int fromGroup, int groups, int columns, int at) {
        MemorySegment.copy(w.scales(), JAVA_SHORT, w.scaleAt(row, fromGroup), halves, 0, groups * ROWS);
        for (int i = 0; i < groups * ROWS; i++) {
            scales[i] = Float.float16ToFloat(halves[i]);
        }
        long offset = w.codeAt(row, fromGroup * Q8Matrix.GROUP);
        for (int group = 0; group < groups; group++) {
            sum(w.codes(), offset + (long) group * Q8Matrix.BLOCK_BYTES, group, columns, sumsOfGroup);
            for (int i = 0; i < columns; i++) {
                add(sumsOfGroup, i * ROWS, multipliers[i][group], scales, group * ROWS, sums[i], at);
            }
        }
    }

    /** Adds the sums of a group's rows, times multiplier and scales, which is exact. */
    private static void add(int[] of, int from, double multiplier, float[] scales, int scalesAt, double[] to, int at) {
        DoubleVector factor = DoubleVector.broadcast(DOUBLES, multiplier);
        for (int row = 0; row < ROWS; row += QUARTER) {
            DoubleVector scale = (DoubleVector) FloatVector.fromArray(FloatVector.SPECIES_128, scales, scalesAt + row)
                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector sum = (DoubleVector) IntVector.fromArray(IntVector.SPECIES_128, of, from + row)
                    .convertShape(VectorOperators.I2D, DOUBLES, 0);
            sum.mul(factor)
                    .mul(scale)
                    .add(DoubleVector.fromArray(DOUBLES, to, at + row))
                    .intoArray(to, at + row);
        }
    }
}
