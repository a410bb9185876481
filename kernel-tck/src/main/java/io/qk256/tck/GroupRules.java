package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMM_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.ScaleType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 47 and 48: scales of groups of weights, and multipliers of groups of int8 activations. */
interface GroupRules extends RuleGroup {

    /** The size of a group of weights and the type of its scale. */
    record Scaling(int group, ScaleType type) {

        /** Except f32 scales of 256 weights, which the other rules use. */
        static final List<Scaling> OTHERS = List.of(
                new Scaling(64, ScaleType.F16),
                new Scaling(128, ScaleType.F16),
                new Scaling(256, ScaleType.F16),
                new Scaling(64, ScaleType.F32),
                new Scaling(128, ScaleType.F32));

        static final List<Scaling> ALL = all();

        private static List<Scaling> all() {
            List<Scaling> all = new ArrayList<>(OTHERS);
            all.add(new Scaling(256, ScaleType.F32));
            return List.copyOf(all);
        }

        Problem binary(Problem problem) {
            return problem.withBinaryGroupScales(group, type);
        }

        Problem random(Problem problem) {
            return problem.withRandomGroupScales(group, type);
        }
    }

    /** With a group that is cut short anywhere, and every number of groups that leaves a remainder for eight lanes. */
    private static List<Integer> widths() {
        List<Integer> widths = new ArrayList<>(Sizes.TAILS);
        for (int cols = 64; cols <= 64 * 17; cols += 64) {
            widths.addAll(List.of(cols - 1, cols, cols + 1, cols + 30));
        }
        widths.addAll(List.of(2047, 2049, 2304, 2560, 3000));
        return widths;
    }

    private static List<Placement> homes() {
        return List.of(Placement.OFF_HEAP, Placement.HEAP);
    }

    @Test
    @DisplayName(Rules.GROUP_SCALES + ", every size")
    default void rule47GroupScalesOfEverySize() {
        for (int cols : widths()) {
            for (Scaling scaling : Scaling.OTHERS) {
                Problem problem = Problem.whole(5, cols, cols);
                kernel().trial(Rules.GROUP_SCALES, scaling.binary(problem)).checkAll();
                Problem random = Problem.random(3, cols, cols).with(Codebook.TERNARY);
                kernel().trial(Rules.GROUP_SCALES, scaling.random(random).withTensorScale(0.3f))
                        .checkAt(homes(), OperationUnderTest.values());
            }
        }
    }

    /** Codebooks of any integers, and numbers of columns that leave a remainder. */
    @Test
    @DisplayName(Rules.GROUP_SCALES + ", codebooks and columns")
    default void rule47GroupScalesOfCodebooksAndColumns() {
        for (Codebook codebook : Codebooks.INTEGERS) {
            for (Scaling scaling : Scaling.OTHERS) {
                Problem problem = Problem.random(4, 700, 47).with(codebook);
                kernel().trial(Rules.GROUP_SCALES, scaling.random(problem)).checkAll();
            }
        }
        for (int columns : Sizes.NUMBERS) {
            for (Scaling scaling : Scaling.ALL) {
                Problem problem = Problem.random(1 + columns % 9, 600 + columns, columns)
                        .with(columns % 2 == 0 ? Codebook.TERNARY : Codebook.QK256)
                        .withColumns(columns);
                kernel().trial(Rules.GROUP_SCALES, scaling.random(problem)).checkAt(homes(), GEMM_I8);
            }
        }
    }

    /** Wide rows, which kernels may process in pieces, and row ranges. */
    @Test
    @DisplayName(Rules.GROUP_SCALES + ", large")
    default void rule47GroupScalesOfLargeMatrices() {
        for (Scaling scaling : Scaling.OTHERS) {
            for (int cols : List.of(4096, 8640, 12_289, 20_000)) {
                Problem wide = scaling.random(Problem.random(3, cols, 47).withColumns(5));
                kernel().trial(Rules.GROUP_SCALES, wide).checkAll();
            }
            Problem high = scaling.random(Problem.random(300, 200, 47).withColumns(2));
            kernel().trial(Rules.GROUP_SCALES, high).checkAll();
            Problem some = scaling.random(Problem.random(7, 333, 47).withColumns(3));
            for (int from = 0; from < 7; from++) {
                for (int to = from + 1; to <= 7; to++) {
                    Trial trial = kernel().trial(Rules.GROUP_SCALES, some)
                            .at(Placement.OFF_HEAP
                                    .withFill(-12345)
                                    .amidHostileMemory()
                                    .withRowGap(5));
                    for (OperationUnderTest operation : OperationUnderTest.values()) {
                        trial.rows(from, to).checkEverything(operation);
                    }
                }
            }
        }
    }

    /**
     * In each lane the first group is huge and the last one cancels it: what remains was rounded in the order of the
     * lane's groups, and in the order in which lanes are added.
     */
    @Test
    @DisplayName(Rules.GROUP_SCALES + ", order of the groups")
    default void rule47GroupScalesInTheOrderOfTheGroups() {
        for (int groups = 2; groups <= 70; groups++) {
            for (int group : List.of(64, 128, 256)) {
                Random random = new Random(groups);
                Problem problem = Problem.random(3, groups * group - 3, groups).withColumns(1 + groups % 9);
                float[] scales = new float[3 * groups];
                for (int i = 0; i < scales.length; i++) {
                    scales[i] = Math.scalb(random.nextFloat() + 1, 10 + random.nextInt(20));
                }
                for (int row = 0; row < 3; row++) {
                    int first = random.nextInt(groups);
                    int other = random.nextInt(groups);
                    scales[row * groups + first] = 0x1p70f;
                    scales[row * groups + other] = first == other ? 0x1p70f : -0x1p70f;
                }
                Problem scaled =
                        problem.withCode(2).withQ("all q 1", col -> 1).withGroupScales(group, ScaleType.F32, scales);
                kernel().trial(Rules.GROUP_SCALES, scaled).check(GEMV_I8);
                kernel().trial(Rules.GROUP_SCALES, scaled).check(GEMM_I8);
            }
        }
    }

    /** Every kind of f16: subnormal, largest, infinite, not a number, zeros of both signs. */
    @Test
    @DisplayName(Rules.GROUP_SCALES + ", every kind of f16")
    default void rule47GroupScalesOfEveryKindOfF16() {
        float[] kinds = {0x1p-24f, -0x1.8p-23f, 65504, -65504, Float.POSITIVE_INFINITY, Float.NaN, -0f, 0, 0x1.ff8p-15f
        };
        for (int group : List.of(64, 128, 256)) {
            for (float kind : kinds) {
                int groups = 9;
                float[] scales = new float[2 * groups];
                Arrays.fill(scales, 1);
                scales[5] = kind;
                scales[groups + 8] = kind;
                Problem problem = Problem.whole(2, groups * group - 5, 47)
                        .with(Codebook.TERNARY)
                        .withGroupScales(group, ScaleType.F16, scales);
                Trial trial = kernel().trial(Rules.GROUP_SCALES, problem);
                trial.check(DEQUANTIZE);
                trial.check(GEMV_I8);
                trial.check(GEMM_I8);
                if (Float.isFinite(kind)) {
                    trial.check(GEMV_F32);
                }
            }
        }
    }

    /** Scales and multipliers at any 2-byte boundary, amid hostile bytes, and next to pages that cannot be read. */
    @Test
    @DisplayName(Rules.GROUP_SCALES + ", in any memory")
    default void rule47GroupScalesInAnyMemory() {
        for (int cols : List.of(5, 65, 190, 257, 449, 700)) {
            for (Scaling scaling : Scaling.OTHERS) {
                Problem problem = Problem.random(5, cols, 47).withRandomMultipliers();
                inAnyMemory(kernel().trial(Rules.GROUP_SCALES, scaling.random(problem)));
            }
        }
    }

    private void inAnyMemory(Trial trial) {
        for (OperationUnderTest operation : OperationUnderTest.values()) {
            F32Vector reference = trial.run(operation).values();
            for (Placement home : homes()) {
                for (int offset = 0; offset < 5; offset++) {
                    Placement hostile = home.withOffsets(offset, offset).amidHostileMemory();
                    trial.at(hostile).checkSame(operation, reference);
                    trial.at(hostile.withLongerVectors(1 + 40 * offset)).checkSame(operation, reference);
                }
            }
            for (MemoryKind kind : MemoryKind.EVERYWHERE) {
                trial.at(Placement.in(MemoryKind.OFF_HEAP, kind, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP))
                        .checkSame(operation, reference);
                trial.at(Placement.in(MemoryKind.OFF_HEAP, MemoryKind.HEAP, kind, MemoryKind.OFF_HEAP))
                        .checkSame(operation, reference);
            }
            for (MemoryKind guarded : MemoryKind.guarded()) {
                trial.at(Placement.in(guarded, guarded, guarded, MemoryKind.OFF_HEAP))
                        .checkSame(operation, reference);
            }
        }
    }

    @Test
    @DisplayName(Rules.MULTIPLIERS)
    default void rule48Multipliers() {
        for (int cols : widths()) {
            // In the last codebook, the codes past the last column are not of the smallest value.
            for (Codebook codebook : List.of(Codebook.TERNARY, Codebook.QK256, new Codebook(8, -2, 1, 0))) {
                Problem problem = Problem.random(5, cols, cols).with(codebook).withRandomMultipliers();
                integers(problem.withActivationScale(3.7f));
                for (Scaling scaling : Scaling.ALL) {
                    integers(scaling.random(problem).withTensorScale(-0.7f));
                }
            }
        }
    }

    private void integers(Problem problem) {
        kernel().trial(Rules.MULTIPLIERS, problem).checkAt(homes(), GEMV_I8, GEMM_I8);
    }

    /** The largest sums: past 2^31 and 2^32 without group scales, and as large as they can be with them. */
    @Test
    @DisplayName(Rules.MULTIPLIERS + ", extremes")
    default void rule48MultipliersOfExtremes() {
        for (Codebook codebook :
                List.of(Codebook.TERNARY, Codebook.QK256, new Codebook(-64, -63, 62, 63), new Codebook(-3, 1, 5, 7))) {
            for (int cols : List.of(32, 64, 256, 2048, 6912, 8448, 17_000)) {
                for (int q : List.of(127, -128)) {
                    for (int code : List.of(0, 3)) {
                        Problem problem = Problem.random(2, cols, 48)
                                .with(codebook)
                                .withCode(code)
                                .withQ("all q " + q, col -> q);
                        short[] all = new short[Math.ceilDiv(cols, 32)];
                        Arrays.fill(all, Short.MAX_VALUE);
                        extremes(problem.withMultipliers(all));
                        all = all.clone();
                        all[all.length - 1] = 1;
                        all[0] = 0;
                        extremes(problem.withMultipliers(all));
                    }
                }
            }
        }
    }

    private void extremes(Problem problem) {
        kernel().trial(Rules.MULTIPLIERS, problem).checkAt(homes(), GEMV_I8, GEMM_I8);
        for (Scaling scaling : Scaling.ALL) {
            kernel().trial(Rules.MULTIPLIERS, scaling.binary(problem)).checkAt(homes(), GEMV_I8, GEMM_I8);
        }
    }

    /** Sums and scales whose products have more than 53 bits: each is rounded before it is added. */
    @Test
    @DisplayName(Rules.MULTIPLIERS + ", products that round")
    default void rule48MultipliersWhoseProductsRound() {
        for (int seed = 0; seed < 20; seed++) {
            Problem problem = Problem.random(3, 4196, seed)
                    .with(new Codebook(-64, -63, 62, 63))
                    .withRandomMultipliers();
            for (int group : List.of(64, 128, 256)) {
                Problem scaled = problem.withRandomGroupScales(group, ScaleType.F32);
                kernel().trial(Rules.MULTIPLIERS, scaled.withRandomCancellation())
                        .check(GEMV_I8);
                kernel().trial(Rules.MULTIPLIERS, scaled.withRandomCancellation())
                        .check(GEMM_I8);
            }
        }
    }

    /** Any number of columns, each with multipliers of its own. */
    @Test
    @DisplayName(Rules.MULTIPLIERS + ", columns")
    default void rule48MultipliersOfColumns() {
        for (int columns : Sizes.NUMBERS) {
            for (Scaling scaling : Scaling.ALL) {
                Problem problem = Problem.random(1 + columns % 9, 500 + columns, columns)
                        .with(columns % 2 == 0 ? Codebook.QK256 : Codebook.TERNARY)
                        .withRandomMultipliers()
                        .withColumns(columns);
                kernel().trial(Rules.MULTIPLIERS, scaling.random(problem)).checkAt(homes(), GEMM_I8);
                kernel().trial(Rules.MULTIPLIERS, problem).checkAt(homes(), GEMM_I8);
            }
        }
    }
}
