package io.qk256.tck;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256Matrix;

/** All kernels in this file are wrong! They misread codes, or misuse numbers and scales. */
final class WrongValues {

    private WrongValues() {}

    static void addTo(WrongKernels wrong) {
        addCodes(wrong);
        addNumbers(wrong);
        addScales(wrong);
    }

    private static void addCodes(WrongKernels wrong) {
        wrong.add("most-significant-bits-first", Rules.EVERY_BYTE, new PlainKernel() {
            @Override
            int field(int packed, int place) {
                return super.field(packed, 3 - place);
            }
        });
        wrong.add("codebook-with-the-other-sign", Rules.UNIFORM_CODES, new PlainKernel() {
            @Override
            float value(Qk256Matrix w, int code) {
                return -super.value(w, code);
            }
        });
        wrong.add("codes-in-another-order", Rules.UNIFORM_CODES, new PlainKernel() {
            @Override
            float value(Qk256Matrix w, int code) {
                return super.value(w, code ^ 3);
            }
        });
        wrong.add("codebook-ignored", Rules.CODEBOOKS, new PlainKernel() {
            @Override
            float value(Qk256Matrix w, int code) {
                return Codebook.QK256.value(code);
            }
        });
        wrong.add("tail-of-one-ignored-if-ternary", Rules.CODEBOOKS, new PlainKernel() {
            @Override
            int columns(Qk256Matrix w) {
                return w.codebook().equals(Codebook.TERNARY) ? w.cols() & -2 : w.cols();
            }
        });
        wrong.add("signed-byte-shifted-into-the-code", Rules.ONE_BLOCK, new PlainKernel() {
            @Override
            int field(int packed, int place) {
                return place == 3 ? Math.abs(packed >> 6) & 3 : super.field(packed, place);
            }
        });
    }

    private static void addNumbers(WrongKernels wrong) {
        wrong.add("never-quite-zero", Rules.ZERO_INPUT, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                return super.rowProduct(w, x, row) + 1e-6f;
            }
        });
        wrong.add("x-rounded-to-16-bits", Rules.ONE_BLOCK, new PlainKernel() {
            @Override
            float product(float value, float x) {
                return value * Float.float16ToFloat(Float.floatToFloat16(x));
            }
        });
        wrong.add("zero-weights-skipped", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float product(float value, float x) {
                return value == 0 ? 0 : super.product(value, x);
            }
        });
        wrong.add("nan-taken-for-zero", Rules.NOT_FINITE, new PlainKernel() {
            @Override
            float product(float value, float x) {
                return Float.isNaN(x) ? 0 : super.product(value, x);
            }
        });
        wrong.add("subnormals-flushed", Rules.SUBNORMAL, new PlainKernel() {
            @Override
            float product(float value, float x) {
                float product = super.product(value, x);
                return Math.abs(product) < Float.MIN_NORMAL ? 0 : product;
            }
        });
        wrong.add("infinity-clamped", Rules.RANGE, new PlainKernel() {
            @Override
            float rowProduct(Qk256Matrix w, F32Vector x, int row) {
                return Math.clamp(super.rowProduct(w, x, row), -Float.MAX_VALUE, Float.MAX_VALUE);
            }
        });
        wrong.add("sums-of-16-bits", Rules.INT8_EXTREMES, new PlainKernel() {
            @Override
            int integerBlockProduct(Qk256Matrix w, I8Vector x, int row, int from, int to) {
                return (short) super.integerBlockProduct(w, x, row, from, to);
            }
        });
        wrong.add("least-q-taken-for-127", Rules.INT8_EXTREMES, new PlainKernel() {
            @Override
            int integerProduct(int value, int q) {
                return super.integerProduct(value, Math.max(q, -127));
            }
        });
        wrong.add("int8-sums-in-f32", Rules.INT8_EXTREMES, new PlainKernel() {
            @Override
            float integerRowProduct(Qk256Matrix w, I8Vector x, int row) {
                float sum = 0;
                for (int from = 0; from < w.cols(); from += w.group()) {
                    int to = Math.min(w.cols(), from + w.group());
                    sum += integerBlockProduct(w, x, row, from, to) * w.groupScale(row, from / w.group());
                }
                return scaled(sum, x.scale(), w.tensorScale());
            }
        });
    }

    private static void addScales(WrongKernels wrong) {
        wrong.add("scale-of-the-first-block-for-all", Rules.SCALES, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int block) {
                return super.groupScale(w, row, 0);
            }
        });
        wrong.add("block-scales-forgotten", Rules.SCALES, new PlainKernel() {
            @Override
            float groupScale(Qk256Matrix w, int row, int block) {
                return 1;
            }
        });
        wrong.add("block-scales-of-the-first-row-for-all", Rules.EVERY_BYTE, new PlainKernel() {
            @Override
            float weight(Qk256Matrix w, int row, int col) {
                return value(w, code(w, row, col)) * w.scale(0, col / w.group());
            }
        });
        wrong.add("value-rounded-before-the-tensor-scale", Rules.SCALES, new PlainKernel() {
            @Override
            float weight(Qk256Matrix w, int row, int col) {
                float value = value(w, code(w, row, col)) * w.groupScale(row, col / w.group());
                return value * w.tensorScale();
            }
        });
        wrong.add("reciprocal-of-the-activation-scale", Rules.SCALES, new PlainKernel() {
            @Override
            float scaled(float sum, float activationScale, float tensorScale) {
                return sum * (1 / activationScale) * tensorScale;
            }
        });
        wrong.add("sum-starts-from-the-first-product", Rules.SCALES, new PlainKernel() {
            @Override
            float scaled(float sum, float activationScale, float tensorScale) {
                return super.scaled(sum == 0 ? -0f : sum, activationScale, tensorScale);
            }
        });
        wrong.add("scales-combined-first", Rules.SCALES, new PlainKernel() {
            @Override
            float scaled(float sum, float activationScale, float tensorScale) {
                return sum * (tensorScale / activationScale);
            }
        });
    }
}
