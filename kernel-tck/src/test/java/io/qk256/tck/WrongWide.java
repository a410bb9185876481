package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Q8Matrix;

/** All kernels in this file are wrong! They are right but for the GEMM of 8-bit weights. */
final class WrongWide {

    private static final int TILE = Q8Matrix.TILE_ROWS;
    private static final int GROUP = Q8Matrix.GROUP;

    /** A correct GEMM of 8-bit weights in small methods. */
    static class PlainWide extends PlainKernel {

        int code(Q8Matrix w, int row, int col) {
            return w.code(row, col);
        }

        float scale(Q8Matrix w, int row, int group) {
            return w.scale(row, group);
        }

        int value(I8Vector x, int col) {
            return x.segment().get(JAVA_BYTE, col);
        }

        int wideMultiplier(I8Vector x, int group) {
            return x.multiplier(group);
        }

        long groupSum(Q8Matrix w, I8Vector x, int row, int from, int to) {
            long sum = 0;
            for (int col = from; col < to; col++) {
                sum += (long) code(w, row, col) * value(x, col);
            }
            return sum * wideMultiplier(x, from / GROUP);
        }

        double add(double sum, double product) {
            return sum + product;
        }

        double product(long groupSum, float scale) {
            return groupSum * (double) scale;
        }

        double rowSum(Q8Matrix w, I8Vector x, int row) {
            double sum = 0;
            for (int from = 0; from < w.cols(); from += GROUP) {
                int to = Math.min(w.cols(), from + GROUP);
                sum = add(sum, product(groupSum(w, x, row, from, to), scale(w, row, from / GROUP)));
            }
            return sum;
        }

        float activationScale(I8Batch x, int column) {
            return x.column(column).scale();
        }

        long place(Q8Matrix w, int column, int row) {
            return (long) column * w.rows() + row;
        }

        int first(int fromRow) {
            return fromRow;
        }

        int last(Q8Matrix w, int toRow) {
            return toRow;
        }

        @Override
        protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
            for (int column = 0; column < x.columns(); column++) {
                for (int row = first(fromRow); row < last(w, toRow); row++) {
                    float sum = (float) rowSum(w, x.column(column), row);
                    write(y, place(w, column, row), sum / activationScale(x, column));
                }
            }
        }
    }

    private WrongWide() {}

    static void addTo(WrongKernels wrong) {
        addPlaces(wrong);
        addSums(wrong);
        addScales(wrong);
        addShorts(wrong);
    }

    /** A correct GEMM of 8-bit weights with int16 activations in small methods. */
    static class PlainShorts extends PlainKernel {

        int value(I16Batch x, int column, int col) {
            return x.segment().getAtIndex(JAVA_SHORT, column * x.length() + col);
        }

        long groupSum(Q8Matrix w, I16Batch x, int column, int row, int group) {
            long sum = 0;
            for (int col = group * GROUP; col < Math.min(w.cols(), (group + 1) * GROUP); col++) {
                sum += (long) w.code(row, col) * value(x, column, col);
            }
            return sum;
        }

        double rowSum(Q8Matrix w, I16Batch x, int column, int row) {
            double sum = 0;
            for (int group = 0; group < w.groups(); group++) {
                sum += groupSum(w, x, column, row, group) * (double) w.scale(row, group);
            }
            return sum;
        }

        float activationScale(I16Batch x, int column) {
            return x.scale(column);
        }

        int last(Q8Matrix w, int toRow) {
            return toRow;
        }

        @Override
        protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
            for (int column = 0; column < x.columns(); column++) {
                for (int row = fromRow; row < last(w, toRow); row++) {
                    float sum = (float) rowSum(w, x, column, row);
                    write(y, (long) column * w.rows() + row, sum / activationScale(x, column));
                }
            }
        }
    }

    private static void addPlaces(WrongKernels wrong) {
        wrong.add("8-bit-rows-not-interleaved", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            int code(Q8Matrix w, int row, int col) {
                long block = w.codeAt(row - row % TILE, col - col % GROUP);
                return w.codes().get(JAVA_BYTE, block + (long) row % TILE * GROUP + col % GROUP);
            }
        });
        wrong.add("8-bit-columns-of-four-reversed", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            int code(Q8Matrix w, int row, int col) {
                return w.codes().get(JAVA_BYTE, w.codeAt(row, col) / 4 * 4 + 3 - col % 4);
            }
        });
        wrong.add("8-bit-tiles-of-eight-rows", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            float scale(Q8Matrix w, int row, int group) {
                return super.scale(w, row - row % TILE + row % 8, group);
            }
        });
        wrong.add("8-bit-range-starts-with-its-tile", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            int first(int fromRow) {
                return fromRow - fromRow % TILE;
            }
        });
        wrong.add("8-bit-range-ends-with-its-tile", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            int last(Q8Matrix w, int toRow) {
                return Math.min(w.rows(), Math.ceilDiv(toRow, TILE) * TILE);
            }
        });
        wrong.add("8-bit-neighbors-written-back", Rules.OTHERS_ROWS, new PlainWide() {
            @Override
            protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
                float[] before = y.toArray();
                super.gemmQ8Rows(w, x, fromRow, toRow, y);
                int end = Math.min(w.rows(), Math.ceilDiv(toRow, TILE) * TILE);
                for (int column = 0; column < x.columns(); column++) {
                    for (int row = toRow; row < end; row++) {
                        y.set(place(w, column, row), before[(int) place(w, column, row)]);
                    }
                }
            }
        });
    }

    private static void addSums(WrongKernels wrong) {
        wrong.add("8-bit-code-minus-128-taken-for-minus-127", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            int code(Q8Matrix w, int row, int col) {
                return Math.max(-127, super.code(w, row, col));
            }
        });
        wrong.add("8-bit-q-minus-128-taken-for-minus-127", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            int value(I8Vector x, int col) {
                return Math.max(-127, super.value(x, col));
            }
        });
        wrong.add("8-bit-pairs-saturate-in-16-bits", Rules.WIDE_WEIGHTS, pairs(true));
        wrong.add("8-bit-pairs-wrap-in-16-bits", Rules.WIDE_WEIGHTS, pairs(false));
        wrong.add("8-bit-multipliers-ignored", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            int wideMultiplier(I8Vector x, int group) {
                return 1;
            }
        });
        wrong.add("8-bit-products-with-multipliers-in-32-bits", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            long groupSum(Q8Matrix w, I8Vector x, int row, int from, int to) {
                return (int) super.groupSum(w, x, row, from, to);
            }
        });
        wrong.add("8-bit-groups-added-in-f32", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            double add(double sum, double product) {
                return (float) sum + (float) product;
            }
        });
        wrong.add("8-bit-groups-added-in-two-lanes", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            double rowSum(Q8Matrix w, I8Vector x, int row) {
                double[] lanes = new double[2];
                for (int group = 0; group < w.groups(); group++) {
                    int from = group * GROUP;
                    long sum = groupSum(w, x, row, from, Math.min(w.cols(), from + GROUP));
                    lanes[group % 2] += product(sum, scale(w, row, group));
                }
                return lanes[0] + lanes[1];
            }
        });
        wrong.add("8-bit-groups-added-from-the-last", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            double rowSum(Q8Matrix w, I8Vector x, int row) {
                double all = 0;
                for (int group = w.groups() - 1; group >= 0; group--) {
                    int from = group * GROUP;
                    long sum = groupSum(w, x, row, from, Math.min(w.cols(), from + GROUP));
                    all += product(sum, scale(w, row, group));
                }
                return all;
            }
        });
    }

    private static void addScales(WrongKernels wrong) {
        wrong.add("8-bit-subnormal-scales-flushed", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            float scale(Q8Matrix w, int row, int group) {
                float scale = super.scale(w, row, group);
                return Math.abs(scale) < 0x1p-14f ? 0 : scale;
            }
        });
        wrong.add("8-bit-groups-of-zeros-skipped", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            double product(long groupSum, float scale) {
                return groupSum == 0 ? 0 : super.product(groupSum, scale);
            }
        });
        wrong.add("8-bit-groups-counted-in-8-bits", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            float scale(Q8Matrix w, int row, int group) {
                return super.scale(w, row, group & 255);
            }
        });
        wrong.add("8-bit-columns-share-a-scale", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            float activationScale(I8Batch x, int column) {
                return super.activationScale(x, 0);
            }
        });
        wrong.add("8-bit-last-group-has-the-scale-before", Rules.WIDE_WEIGHTS, new PlainWide() {
            @Override
            float scale(Q8Matrix w, int row, int group) {
                boolean partial = group > 0 && group == w.groups() - 1 && w.cols() % GROUP != 0;
                return super.scale(w, row, partial ? group - 1 : group);
            }
        });
    }

    private static void addShorts(WrongKernels wrong) {
        wrong.add("int16-lower-halves-ignored", Rules.WIDE_WEIGHTS, new PlainShorts() {
            @Override
            int value(I16Batch x, int column, int col) {
                return super.value(x, column, col) & -256;
            }
        });
        wrong.add("int16-lower-halves-signed", Rules.WIDE_WEIGHTS, new PlainShorts() {
            @Override
            int value(I16Batch x, int column, int col) {
                int value = super.value(x, column, col);
                return (value & -256) + (byte) value;
            }
        });
        wrong.add("int16-smallest-taken-for-the-next", Rules.WIDE_WEIGHTS, new PlainShorts() {
            @Override
            int value(I16Batch x, int column, int col) {
                return Math.max(-Short.MAX_VALUE, super.value(x, column, col));
            }
        });
        wrong.add("int16-groups-summed-in-f32", Rules.WIDE_WEIGHTS, new PlainShorts() {
            @Override
            long groupSum(Q8Matrix w, I16Batch x, int column, int row, int group) {
                float sum = 0;
                for (int col = group * GROUP; col < Math.min(w.cols(), (group + 1) * GROUP); col++) {
                    sum += w.code(row, col) * value(x, column, col);
                }
                return (long) sum;
            }
        });
        wrong.add("int16-groups-added-from-the-last", Rules.WIDE_WEIGHTS, new PlainShorts() {
            @Override
            double rowSum(Q8Matrix w, I16Batch x, int column, int row) {
                double sum = 0;
                for (int group = w.groups() - 1; group >= 0; group--) {
                    sum += groupSum(w, x, column, row, group) * (double) w.scale(row, group);
                }
                return sum;
            }
        });
        wrong.add("int16-columns-share-a-scale", Rules.WIDE_WEIGHTS, new PlainShorts() {
            @Override
            float activationScale(I16Batch x, int column) {
                return super.activationScale(x, 0);
            }
        });
        wrong.add("int16-columns-taken-for-as-long-as-rows", Rules.LONGER_VECTORS, new PlainShorts() {
            @Override
            long groupSum(Q8Matrix w, I16Batch x, int column, int row, int group) {
                long sum = 0;
                for (int col = group * GROUP; col < Math.min(w.cols(), (group + 1) * GROUP); col++) {
                    long at = (long) column * w.cols() + col;
                    sum += (long) w.code(row, col) * x.segment().getAtIndex(JAVA_SHORT, at);
                }
                return sum;
            }
        });
        wrong.add("int16-range-ends-with-its-tile", Rules.WIDE_WEIGHTS, new PlainShorts() {
            @Override
            int last(Q8Matrix w, int toRow) {
                return Math.min(w.rows(), Math.ceilDiv(toRow, TILE) * TILE);
            }
        });
    }

    /** Sums of two products in 16 bits, as instructions for pairs of bytes compute them. */
    private static PlainWide pairs(boolean saturating) {
        return new PlainWide() {
            @Override
            long groupSum(Q8Matrix w, I8Vector x, int row, int from, int to) {
                long sum = 0;
                for (int col = from; col < to; col += 2) {
                    int pair = code(w, row, col) * value(x, col);
                    if (col + 1 < to) {
                        pair += code(w, row, col + 1) * value(x, col + 1);
                    }
                    sum += saturating ? Math.min(pair, Short.MAX_VALUE) : (short) pair;
                }
                return sum * wideMultiplier(x, from / GROUP);
            }
        };
    }
}
