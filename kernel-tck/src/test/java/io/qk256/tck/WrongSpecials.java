package io.qk256.tck;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import java.util.function.UnaryOperator;

/**
 * All kernels in this file are wrong! They take a shortcut that is valid only for ordinary numbers or some
 * codebooks.
 */
final class WrongSpecials {

    private WrongSpecials() {}

    static void addTo(WrongKernels wrong) {
        addShortcuts(wrong);
        addGuesses(wrong);
        addScales(wrong);
    }

    /** {@code step * sum(code * x) + value0 * sum(x)}, where a codebook allows it. */
    private static class Affine extends PlainKernel {

        @Override
        float blockProduct(Qk256Matrix w, F32Vector x, int row, int from, int to) {
            Codebook codebook = w.codebook();
            float step = codebook.value1() - codebook.value0();
            if (codebook.value2() - codebook.value1() != step || codebook.value3() - codebook.value2() != step) {
                return super.blockProduct(w, x, row, from, to);
            }
            float codes = 0;
            float all = 0;
            for (int col = from; col < to; col++) {
                codes += code(w, row, col) * x.get(col);
                all += x.get(col);
            }
            return step * codes + codebook.value0() * all;
        }
    }

    private static void addShortcuts(WrongKernels wrong) {
        wrong.add("step-and-offset-of-the-codebook", Rules.NOT_FINITE, new Affine());
        wrong.add("step-and-offset-where-that-is-finite", Rules.RANGE, new Affine() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                float sum = super.rowProduct(w, x, row);
                return Float.isFinite(sum) ? sum : new PlainKernel().rowProduct(w, x, row);
            }
        });
        wrong.add("integer-block-of-sum-0-skipped", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float integerRowProduct(Qk256Matrix w, I8Vector x, int row) {
                double sum = 0;
                for (int from = 0; from < w.cols(); from += w.group()) {
                    int block = integerBlockProduct(w, x, row, from, Math.min(w.cols(), from + w.group()));
                    sum += block == 0 ? 0 : (double) block * groupScale(w, row, from / w.group());
                }
                return scaled((float) sum, x.scale(), w.tensorScale());
            }
        });
        wrong.add("integer-sum-of-0-needs-no-tensor-scale", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float scaled(float sum, float activationScale, float tensorScale) {
                return sum == 0 && !Float.isFinite(tensorScale) ? 0 : super.scaled(sum, activationScale, tensorScale);
            }
        });
        wrong.add("blocks-of-scale-0-skipped", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float blockProduct(Qk256Matrix w, F32Vector x, int row, int from, int to) {
                boolean skipped = groupScale(w, row, from / w.group()) == 0;
                return skipped ? 0 : super.blockProduct(w, x, row, from, to);
            }
        });
        wrong.add("tensor-of-scale-0-skipped", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                return w.tensorScale() == 0 ? 0 : super.rowProduct(w, x, row);
            }
        });
        wrong.add("x-of-0-skipped", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                for (int col = 0; col < w.cols(); col++) {
                    if (x.get(col) != 0) {
                        return super.rowProduct(w, x, row);
                    }
                }
                return 0;
            }
        });
        wrong.add("nan-known-by-its-bits", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float product(float value, float x) {
                boolean other = Float.isNaN(x) && Float.floatToRawIntBits(x) != Float.floatToIntBits(Float.NaN);
                return other ? 0 : super.product(value, x);
            }
        });
        wrong.add("minus-0-dequantized-as-0", Rules.CODEBOOKS, new PlainKernel() {
            @Override
            float weight(Qk256Matrix w, int row, int col) {
                return super.weight(w, row, col) + 0f;
            }
        });
        wrong.add("weights-flushed", Rules.SUBNORMAL, new PlainKernel() {
            @Override
            float weight(Qk256Matrix w, int row, int col) {
                float weight = super.weight(w, row, col);
                return Math.abs(weight) < Float.MIN_NORMAL ? 0 * weight : weight;
            }
        });
        wrong.add("activation-scale-flushed", Rules.SUBNORMAL, new PlainKernel() {
            @Override
            float scaled(float sum, float activationScale, float tensorScale) {
                float flushed = activationScale < Float.MIN_NORMAL ? 0 : activationScale;
                return super.scaled(sum, flushed, tensorScale);
            }
        });
    }

    private static Kernel seeing(UnaryOperator<Codebook> guess) {
        return new PlainKernel() {
            @Override
            float value(Qk256Matrix w, int code) {
                return guess.apply(w.codebook()).value(code);
            }
        };
    }

    private static void addGuesses(WrongKernels wrong) {
        wrong.add(
                "ternary-by-three-values",
                Rules.CODEBOOKS,
                seeing(book ->
                        book.value0() == -1 && book.value1() == 0 && book.value2() == 1 ? Codebook.TERNARY : book));
        wrong.add(
                "ternary-by-its-zero",
                Rules.CODEBOOKS,
                seeing(book -> book.value1() == 0 && book.value3() == -1 ? new Codebook(1, 0, -1, -2) : book));
        wrong.add(
                "qk256-by-its-ends",
                Rules.CODEBOOKS,
                seeing(book -> book.value0() == -2 && book.value3() == 2 ? Codebook.QK256 : book));
        wrong.add(
                "qk256-by-its-middle",
                Rules.CODEBOOKS,
                seeing(book -> book.value1() == -1 && book.value2() == 1 && book.supportsInt8() && book.value0() == -2
                        ? Codebook.QK256
                        : book));
        wrong.add("arithmetic-by-two-steps", Rules.CODEBOOKS, seeing(WrongSpecials::arithmetic));
        wrong.add(
                "symmetric-by-its-ends",
                Rules.CODEBOOKS,
                seeing(book -> book.value0() == -book.value3()
                        ? new Codebook(book.value0(), -book.value2(), book.value2(), book.value3())
                        : book));
    }

    private static Codebook arithmetic(Codebook book) {
        float step = book.value1() - book.value0();
        boolean seems = book.value3() - book.value2() == step && Float.isFinite(book.value0() + 3 * step);
        return seems
                ? new Codebook(book.value0(), book.value1(), book.value1() + step, book.value0() + 3 * step)
                : book;
    }

    private static void addScales(WrongKernels wrong) {
        wrong.add("first-block-scale-1-means-none", Rules.SCALES, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int block) {
                return w.rows() > 0 && w.groupScale(0, 0) == 1 ? 1 : super.groupScale(w, row, block);
            }
        });
        wrong.add("tensor-scale-1-means-no-activation-scale", Rules.SCALES, new PlainKernel() {
            @Override
            float scaled(float sum, float activationScale, float tensorScale) {
                return tensorScale == 1 ? sum : super.scaled(sum, activationScale, tensorScale);
            }
        });
        wrong.add("activation-scale-1-means-no-tensor-scale", Rules.SCALES, new PlainKernel() {
            @Override
            float scaled(float sum, float activationScale, float tensorScale) {
                return activationScale == 1 ? sum : super.scaled(sum, activationScale, tensorScale);
            }
        });
        wrong.add("four-sums-of-blocks-from-eight-on", Rules.SCALES, new PlainKernel() {
            @Override
            float integerRowProduct(Qk256Matrix w, I8Vector x, int row) {
                if (w.blocks() < 8) {
                    return super.integerRowProduct(w, x, row);
                }
                double[] sums = new double[4];
                for (int block = 0; block < w.blocks(); block++) {
                    int from = block * w.group();
                    int sum = integerBlockProduct(w, x, row, from, Math.min(w.cols(), from + w.group()));
                    sums[block % 4] += (double) sum * groupScale(w, row, block);
                }
                return scaled((float) (sums[0] + sums[1] + sums[2] + sums[3]), x.scale(), w.tensorScale());
            }
        });
        wrong.add("least-q-in-tails-taken-for-127", Rules.INT8_EXTREMES, new PlainKernel() {
            @Override
            int integerBlockProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
                int sum = super.integerBlockProduct(w, x, row, from, to);
                boolean least =
                        to % 16 != 0 && x.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, to - 1) == -128;
                return least ? sum + (int) value(w, code(w, row, to - 1)) : sum;
            }
        });
        wrong.add("x-of-8-bits-from-512-columns-on", Rules.EVERY_DIGIT, new PlainKernel() {
            @Override
            float blockProduct(Qk256Matrix w, F32Vector x, int row, int from, int to) {
                float sum = 0;
                for (int col = from; col < to; col++) {
                    float value = x.get(col);
                    sum += product(value(w, code(w, row, col)), w.cols() < 512 ? value : brief(value));
                }
                return sum;
            }
        });
        wrong.add("block-scales-of-8-bits-in-wide-rows", Rules.EVERY_DIGIT, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                float sum = 0;
                for (int from = 0; from < w.cols(); from += w.group()) {
                    float scale = groupScale(w, row, from / w.group());
                    float block = blockProduct(w, x, row, from, Math.min(w.cols(), from + w.group()));
                    sum += block * (w.cols() < 2048 ? scale : brief(scale));
                }
                return sum * w.tensorScale();
            }
        });
        wrong.add("tensor-scale-of-8-bits-in-wide-rows", Rules.EVERY_DIGIT, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                boolean odd = w.cols() > 1024 && !w.groupScales().isPresent();
                float scale = odd ? brief(w.tensorScale()) / w.tensorScale() : 1;
                return odd ? super.rowProduct(w, x, row) * scale : super.rowProduct(w, x, row);
            }
        });
    }

    /** Truncates to a bfloat16. */
    private static float brief(float value) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xFFFF_0000);
    }
}
