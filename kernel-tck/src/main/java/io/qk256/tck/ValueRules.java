package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMM_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;

import io.qk256.spi.Codebook;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 15, 26 and 27: codebooks, large integer sums, and scales. */
interface ValueRules extends RuleGroup {

    @Test
    @DisplayName(Rules.CODEBOOKS + ", integers")
    default void rule15CodebooksOfIntegers() {
        for (Codebook codebook : Codebooks.INTEGERS) {
            for (int cols : Sizes.TAILS) {
                Problem problem = Problem.whole(5, cols, 15).with(codebook);
                kernel().trial(Rules.CODEBOOKS, problem).checkAll();
                kernel().trial(Rules.CODEBOOKS, problem.withBinaryBlockScales()).checkAll();
            }
        }
    }

    @Test
    @DisplayName(Rules.CODEBOOKS + ", others")
    default void rule15CodebooksOfOthers() {
        for (Codebook codebook : Codebooks.OTHERS) {
            for (int cols : Sizes.TAILS) {
                Trial trial = kernel().trial(
                                Rules.CODEBOOKS, Problem.random(5, cols, 15).with(codebook));
                trial.check(DEQUANTIZE);
                trial.check(GEMV_F32);
                trial.checkRefused(GEMV_I8);
                trial.checkRefused(GEMM_I8);
            }
        }
    }

    @Test
    @DisplayName(Rules.INT8_EXTREMES)
    default void rule26Int8Extremes() {
        List<Codebook> codebooks = List.of(Codebook.QK256, Codebook.TERNARY, new Codebook(-64, -63, 62, 63));
        for (int cols : List.of(256, 2048, 2176, 4096, 6912)) {
            for (Codebook codebook : codebooks) {
                for (int code = 0; code < 4; code++) {
                    Problem problem = Problem.random(1, cols, 26).with(codebook).withCode(code);
                    extremes(problem);
                }
                Problem random = Problem.random(4, cols, 26).with(codebook);
                extremes(random);
                check(oneSign(random));
            }
        }
    }

    /** -128 has no positive counterpart: in every tail, alone and everywhere, for any number of rows. */
    @Test
    @DisplayName(Rules.INT8_EXTREMES + ", -128 anywhere")
    default void rule26Int8ExtremesLeastAnywhere() {
        for (Codebook codebook : List.of(Codebook.QK256, Codebook.TERNARY, new Codebook(-64, -63, 62, 63))) {
            for (int cols : Sizes.REMAINDERS) {
                Problem problem = Problem.random(1 + cols % 9, cols, cols).with(codebook);
                check(problem.withQ("all q -128", col -> -128));
                check(problem.withQ("last q -128", col -> col == cols - 1 ? -128 : 0));
            }
        }
    }

    private void extremes(Problem problem) {
        for (int q : List.of(127, -127, -128)) {
            check(problem.withQ("all q " + q, col -> q));
            check(problem.withQ("q alternates from " + q, col -> col % 2 == 0 ? q : -q - 1));
            check(problem.withQ("q changes sign by blocks from " + q, col -> col / 256 % 2 == 0 ? q : -q - 1));
        }
    }

    /** Large odd sums: past 2^24, rounding them too early shows. */
    private static Problem oneSign(Problem random) {
        return random.withCodes("codes 2 and 3", (row, col) -> random.code(row, col) | 2)
                .withQ("q from 64 to 127", col -> (random.q()[col] & 63) | 64);
    }

    private void check(Problem problem) {
        kernel().trial(Rules.INT8_EXTREMES, problem).check(GEMV_I8);
        kernel().trial(Rules.INT8_EXTREMES, problem).check(GEMM_I8);
    }

    /** 6912 weights of +2 and activations of +127: far wider than 16-bit sums can hold. */
    @Test
    @DisplayName(Rules.INT8_EXTREMES + ", 1755648")
    default void rule26Int8ExtremesKnownSum() {
        Trial trial = kernel().trial(
                        Rules.INT8_EXTREMES,
                        Problem.random(1, 6912, 26).withCode(3).withQ("all q 127", col -> 127));
        trial.compare(GEMV_I8, trial.run(GEMV_I8).values(), Expected.exactly(1_755_648));
    }

    /** The widest row for values of this size: its largest sum is 8191 below the largest int32. */
    @Test
    @DisplayName(Rules.INT8_EXTREMES + ", widest row")
    default void rule26Int8ExtremesWidestRow() {
        Codebook codebook = new Codebook(-64, -63, 62, 63);
        int widest = Integer.MAX_VALUE / (64 * 128);
        Problem problem = Problem.random(1, widest, 26).with(codebook);
        check(problem.withCode(0).withQ("all q -128", col -> -128));
        check(problem.withCode(3).withQ("all q -128", col -> -128));
        check(oneSign(problem));
        kernel().trial(Rules.INT8_EXTREMES, Problem.random(1, widest + 1, 26).with(codebook))
                .checkRefused(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.SCALES + ", blocks and tensor")
    default void rule27ScalesOfBlocksAndTensor() {
        Codebook fractions = new Codebook(-3, 0.1f, 5, 7);
        Codebook integers = new Codebook(-3, 1, 5, 7);
        for (float tensorScale : new float[] {1, 0.5f, -3, 0.1f, 1e-10f, 1e10f, 0, -0f}) {
            for (int seed = 0; seed < 5; seed++) {
                Problem plain = Problem.random(5, 700, seed).withTensorScale(tensorScale);
                Problem scaled = plain.withRandomBlockScales();
                kernel().trial(Rules.SCALES, plain.with(integers)).checkAll();
                kernel().trial(Rules.SCALES, scaled.with(integers)).checkAll();
                kernel().trial(Rules.SCALES, scaled.with(fractions)).check(DEQUANTIZE);
                kernel().trial(Rules.SCALES, scaled.with(fractions)).check(GEMV_F32);
            }
        }
    }

    /** Each scale is 1 or not, next to each of the others: a scale of 1 says nothing about the next. */
    @Test
    @DisplayName(Rules.SCALES + ", of 1 beside others")
    default void rule27ScalesOfOneBesideOthers() {
        Problem problem = Problem.random(2, 700, 27).with(new Codebook(-3, 1, 5, 7));
        List<Problem> blocks = List.of(
                problem,
                problem.withBlockScales(1, 1, 1, 1, 1, 1),
                problem.withBlockScales(1, 0.3f, -5, 1, 7, 0.1f),
                problem.withBlockScales(0.3f, 1, 1, 1, 1, 1),
                problem.withBlockScales(1, 1, 1, 1, 1, -0.7f),
                problem.withBlockScales(0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 0.3f));
        for (Problem block : blocks) {
            for (float tensor : new float[] {1, -1, 0.3f}) {
                for (float activation : new float[] {1, 2, 0.3f}) {
                    Problem scaled = block.withTensorScale(tensor).withActivationScale(activation);
                    kernel().trial(Rules.SCALES, scaled).checkAll();
                }
            }
        }
    }

    /**
     * The first block is huge, and the last but one cancels it: what remains was rounded in the order of the
     * blocks.
     */
    @Test
    @DisplayName(Rules.SCALES + ", order of many blocks")
    default void rule27ScalesInTheOrderOfManyBlocks() {
        for (int blocks = 3; blocks <= 40; blocks++) {
            Random random = new Random(blocks);
            Problem problem = Problem.random(3, blocks * 256 - 3, blocks).withColumns(1 + blocks % 9);
            float[] scales = new float[3 * blocks];
            for (int i = 0; i < scales.length; i++) {
                scales[i] = Math.scalb(random.nextFloat() + 1, 10 + random.nextInt(20));
            }
            for (int row = 0; row < 3; row++) {
                scales[row * blocks] = 0x1p70f;
                scales[row * blocks + blocks - 2] = -0x1p70f;
            }
            Problem scaled = problem.withCode(2).withQ("all q 1", col -> 1).withBlockScales(scales);
            kernel().trial(Rules.SCALES, scaled).check(GEMV_I8);
            kernel().trial(Rules.SCALES, scaled).check(GEMM_I8);
        }
    }

    /** Dividing first, and multiplying by a reciprocal, differ in the last bit for many of these pairs. */
    @Test
    @DisplayName(Rules.SCALES + ", activation")
    default void rule27ScalesOfActivation() {
        Random random = new Random(27);
        for (int i = 0; i < 300; i++) {
            Problem problem = Problem.random(1, 300, i)
                    .withActivationScale(random.nextFloat() * 100 + 0.01f)
                    .withTensorScale(random.nextFloat() * 4 - 2);
            kernel().trial(Rules.SCALES, problem).check(GEMV_I8);
            kernel().trial(Rules.SCALES, problem).check(GEMM_I8);
            kernel().trial(Rules.SCALES, problem.withRandomBlockScales()).check(GEMV_I8);
            kernel().trial(Rules.SCALES, problem.withRandomBlockScales()).check(GEMM_I8);
        }
    }

    /** The sum starts from 0: no product of 0 with a negative scale makes it -0, but the tensor scale can. */
    @Test
    @DisplayName(Rules.SCALES + ", sign of zero")
    default void rule27ScalesAndTheSignOfZero() {
        Problem zero = Problem.random(1, 700, 27).withQ("q = 0", col -> 0);
        for (float tensorScale : new float[] {1, -1}) {
            Problem problem = zero.withTensorScale(tensorScale);
            kernel().trial(Rules.SCALES, problem).check(GEMV_I8);
            kernel().trial(Rules.SCALES, problem).check(GEMM_I8);
            kernel().trial(Rules.SCALES, problem.withBlockScales(-1, -2, -3)).check(GEMV_I8);
            kernel().trial(Rules.SCALES, problem.withBlockScales(-1, -2, -3)).check(GEMM_I8);
        }
    }

    /** Sums of blocks in f64, in order: another order, or f32, loses the small one or keeps what must be lost. */
    @Test
    @DisplayName(Rules.SCALES + ", order of the blocks")
    default void rule27ScalesInTheOrderOfTheBlocks() {
        Problem problem =
                Problem.random(1, 4 * 256, 27).withCode(2).withQ("q 1, 0 in block 3", col -> col < 3 * 256 ? 1 : 0);
        float large = 0x1p60f;
        for (float[] scales :
                new float[][] {{large, 1, -large, 5}, {large, -large, 1, 5}, {1, large, -large, 5}, {1, 0x1p-30f, -1, 5}
                }) {
            kernel().trial(Rules.SCALES, problem.withBlockScales(scales)).check(GEMV_I8);
            kernel().trial(Rules.SCALES, problem.withBlockScales(scales)).check(GEMM_I8);
        }
    }
}
