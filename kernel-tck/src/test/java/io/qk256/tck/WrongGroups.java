package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import io.qk256.tck.WrongBatches.PlainBatch;

/** All kernels in this file are wrong! They are right without groups, or for groups of one kind only. */
final class WrongGroups {

    private WrongGroups() {}

    static void addTo(WrongKernels wrong) {
        addSizes(wrong);
        addTypes(wrong);
        addOrders(wrong);
        addMultipliers(wrong);
    }

    private static void addSizes(WrongKernels wrong) {
        wrong.add("every-group-taken-for-256-weights", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            int group(Qk256Matrix w) {
                return 256;
            }
        });
        wrong.add("groups-of-64-taken-for-128", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            int group(Qk256Matrix w) {
                return Math.max(128, w.group());
            }
        });
        wrong.add("only-whole-groups-counted-in-a-row", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int group) {
                int place = row * Math.max(1, w.cols() / w.group()) + group;
                return super.groupScale(w, place / w.groups(), place % w.groups());
            }
        });
        wrong.add("last-partial-group-has-the-scale-before", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int group) {
                boolean partial = group == w.groups() - 1 && w.cols() % w.group() != 0;
                return super.groupScale(w, row, partial && group > 0 && w.group() < 256 ? group - 1 : group);
            }
        });
        wrong.add("groups-of-a-row-counted-in-6-bits", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int group) {
                return super.groupScale(w, row, w.group() < 256 ? group & 63 : group);
            }
        });
    }

    private static void addTypes(WrongKernels wrong) {
        wrong.add("f16-subnormals-flushed", Rules.GROUP_SCALES, f16(scale -> Math.abs(scale) < 0x1p-14f ? 0 : scale));
        wrong.add(
                "f16-infinity-taken-for-65536",
                Rules.GROUP_SCALES,
                f16(scale -> Float.isInfinite(scale) ? Math.copySign(65536, scale) : scale));
        wrong.add("f16-nan-taken-for-a-number", Rules.GROUP_SCALES, f16(scale -> Float.isNaN(scale) ? 98304 : scale));
        wrong.add("f16-sign-forgotten", Rules.GROUP_SCALES, f16(Math::abs));
        wrong.add(
                "f16-of-10-bits-truncated-to-8",
                Rules.GROUP_SCALES,
                f16(scale -> Float.intBitsToFloat(Float.floatToRawIntBits(scale) & ~0x7FFF)));
    }

    private interface Change {
        float of(float scale);
    }

    private static PlainKernel f16(Change change) {
        return new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int group) {
                float scale = super.groupScale(w, row, group);
                return w.hasGroupScales() && w.scaleType() == ScaleType.F16 ? change.of(scale) : scale;
            }

            @Override
            float weight(Qk256Matrix w, int row, int col) {
                float scale = groupScale(w, row, col / group(w)) * (w.hasGroupScales() ? w.tensorScale() : 1);
                return value(w, code(w, row, col)) * (w.hasGroupScales() ? scale : w.tensorScale());
            }
        };
    }

    private static void addOrders(WrongKernels wrong) {
        wrong.add("groups-added-in-one-lane", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            int lane(int group) {
                return 0;
            }
        });
        wrong.add("groups-added-in-four-lanes", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            int lane(int group) {
                return group % 4;
            }
        });
        wrong.add("lanes-added-from-first-to-last", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            double sum(double[] lanes) {
                double sum = 0;
                for (double lane : lanes) {
                    sum += lane;
                }
                return sum;
            }
        });
        wrong.add("neighboring-lanes-added-first", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            double sum(double[] l) {
                return ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]));
            }
        });
        wrong.add("products-of-groups-fused", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            float integerRowProduct(Qk256Matrix w, I8Vector x, int row) {
                double[] lanes = new double[8];
                for (int group = 0; group < w.groups(); group++) {
                    int from = group * w.group();
                    long sum = integerGroupProduct(w, x, row, from, Math.min(w.cols(), from + w.group()));
                    lanes[group % 8] = Math.fma((double) sum, groupScale(w, row, group), lanes[group % 8]);
                }
                return scaled((float) sum(lanes), x.scale(), w.tensorScale());
            }
        });
        wrong.add("groups-summed-in-f32", Rules.GROUP_SCALES, new PlainKernel() {
            @Override
            double sum(double[] lanes) {
                float sum = 0;
                for (double lane : lanes) {
                    sum += (float) lane;
                }
                return sum;
            }
        });
    }

    private static void addMultipliers(WrongKernels wrong) {
        wrong.add("multipliers-ignored", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            int multiplier(I8Vector x, int group) {
                return 1;
            }
        });
        wrong.add("multiplier-of-0-means-none", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            int multiplier(I8Vector x, int group) {
                return Math.max(1, super.multiplier(x, group));
            }
        });
        wrong.add("multipliers-of-14-bits", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            int multiplier(I8Vector x, int group) {
                return super.multiplier(x, group) & 0x3FFF;
            }
        });
        wrong.add("one-multiplier-for-64-activations", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            int multiplier(I8Vector x, int group) {
                return super.multiplier(x, group & -2);
            }
        });
        wrong.add("multiplied-sums-of-32-bits", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            long integerGroupProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
                return (int) super.integerGroupProduct(w, x, row, from, to);
            }
        });
        wrong.add("sums-without-group-scales-of-32-bits", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            double sum(double[] lanes) {
                double sum = super.sum(lanes);
                return sum == Math.rint(sum) && Math.abs(sum) < 0x1p50 ? (int) (long) sum : sum;
            }
        });
        // As padding with codes of 0 is, if activations past the last column were not set to 0.
        wrong.add("code-0-past-the-last-column-taken-for-the-smallest-value", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            long integerGroupProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
                float smallest = Math.min(Math.min(value(w, 0), value(w, 1)), Math.min(value(w, 2), value(w, 3)));
                boolean padded = x.hasMultipliers() && !w.hasGroupScales() && to % 256 != 0;
                long padding = padded ? Math.round(value(w, 0) - smallest) * 9L * multiplier(x, 0) : 0;
                return super.integerGroupProduct(w, x, row, from, to) + padding;
            }
        });
        wrong.add("multiplied-before-the-sum-in-16-bits", Rules.MULTIPLIERS, new PlainKernel() {
            @Override
            long integerGroupProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
                if (!x.hasMultipliers()) {
                    return super.integerGroupProduct(w, x, row, from, to);
                }
                long sum = 0;
                for (int col = from; col < to; col++) {
                    short q = (short) (x.segment().get(JAVA_BYTE, col) * multiplier(x, col / I8Vector.GROUP));
                    sum += ((long) value(w, code(w, row, col))) * q;
                }
                return sum;
            }
        });
        wrong.add("multipliers-of-the-first-column-for-all", Rules.MULTIPLIERS, new PlainBatch() {
            @Override
            float product(Qk256Matrix w, I8Batch x, int column, int row) {
                I8Vector q = x.column(column);
                I8Vector other = x.hasMultipliers()
                        ? I8Vector.inGroups(
                                q.segment(), x.column(0).multipliers().orElseThrow(), q.scale())
                        : q;
                return super.integerRowProduct(w, other, row);
            }
        });
    }
}
