package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMM_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;

import io.qk256.spi.F32Vector;
import io.qk256.spi.Qk256Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/** Rules 13, 14, 16, 30, 43 and 46: sizes, row ranges, row strides, and memory longer than needed. */
interface ShapeRules extends RuleGroup {

    @Test
    @DisplayName(Rules.EVERY_SIZE + ", dequantize")
    default void rule13EverySizeDequantize() {
        everySize(DEQUANTIZE);
    }

    @Test
    @DisplayName(Rules.EVERY_SIZE + ", f32")
    default void rule13EverySizeF32() {
        everySize(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.EVERY_SIZE + ", int8")
    default void rule13EverySizeInt8() {
        everySize(GEMV_I8);
    }

    @Test
    @DisplayName(Rules.EVERY_SIZE + ", int8 batch")
    default void rule13EverySizeBatch() {
        everySize(GEMM_I8);
    }

    /** Five rows: one more than kernels usually process at once. */
    private void everySize(OperationUnderTest operation) {
        for (int cols = 1; cols <= 1030; cols++) {
            everyWay(operation, cols);
        }
        for (int cols : List.of(2047, 2048, 2049, 2560, 4095, 4097, 6912, 8640)) {
            everyWay(operation, cols);
        }
    }

    private void everyWay(OperationUnderTest operation, int cols) {
        Problem problem = Problem.whole(5, cols, cols);
        kernel().trial(Rules.EVERY_SIZE, problem).checkAt(List.of(Placement.OFF_HEAP, Placement.HEAP), operation);
        kernel().trial(Rules.EVERY_SIZE, problem.withBinaryBlockScales()).check(operation);
    }

    /** Groups of up to 64 rows, each with every tail of columns. */
    @Test
    @DisplayName(Rules.EVERY_SIZE + ", rows")
    default void rule13EverySizeOfRows() {
        for (int rows : Sizes.NUMBERS) {
            for (int cols : Sizes.TAILS) {
                Problem problem = Problem.whole(rows, cols, rows);
                boolean scaled = (rows + cols) % 2 == 0;
                kernel().trial(Rules.EVERY_SIZE, scaled ? problem.withBinaryBlockScales() : problem)
                        .at(rows % 4 < 2 ? Placement.OFF_HEAP : Placement.HEAP)
                        .checkAll();
            }
        }
    }

    @Test
    @DisplayName(Rules.ROW_RANGES + ", dequantize")
    default void rule14RowRangesDequantize() {
        everyRange(DEQUANTIZE);
    }

    @Test
    @DisplayName(Rules.ROW_RANGES + ", f32")
    default void rule14RowRangesF32() {
        everyRange(GEMV_F32);
    }

    @Test
    @DisplayName(Rules.ROW_RANGES + ", int8")
    default void rule14RowRangesInt8() {
        everyRange(GEMV_I8);
    }

    private void everyRange(OperationUnderTest operation) {
        float untouched = -12345;
        for (int cols : List.of(7, 256, 300, 1030)) {
            Problem problem = Problem.random(9, cols, cols).withRandomBlockScales();
            Placement apart = Placement.OFF_HEAP.withFill(untouched).withRowGap(cols % 2 == 0 ? 0 : 5);
            Trial trial = kernel().trial(Rules.ROW_RANGES, problem).at(apart);
            F32Vector all = trial.run(operation).values();
            for (int from = 0; from < problem.rows(); from++) {
                for (int to = from + 1; to <= problem.rows(); to++) {
                    Trial part = trial.rows(from, to);
                    part.check(operation);
                    part.checkSame(operation, part(operation, all, problem, from, to, untouched));
                }
            }
        }
    }

    /** What a range must return if all rows together return {@code all}. */
    private static F32Vector part(
            OperationUnderTest operation, F32Vector all, Problem problem, int from, int to, float untouched) {
        if (operation == DEQUANTIZE) {
            return operation.target(all, problem, from, to);
        }
        float[] part = new float[problem.rows()];
        Arrays.fill(part, untouched);
        System.arraycopy(all.toArray(), from, part, from, to - from);
        return F32Vector.of(part);
    }

    /** Many rows at once, and in ranges of many lengths: no sum depends on how many rows are requested at once. */
    @Test
    @DisplayName(Rules.ROW_RANGES + ", tall matrices")
    default void rule14RowRangesOfTallMatrices() {
        List<Integer> lengths =
                List.of(1, 2, 3, 5, 7, 8, 9, 16, 17, 31, 33, 64, 100, 127, 250, 499, 999, 1001, 1024, 300);
        int rows = lengths.stream().mapToInt(length -> length).sum();
        for (int cols : List.of(37, 300)) {
            inRanges(Problem.random(rows, cols, 14).withRandomBlockScales().withColumns(2), lengths);
            inRanges(Problem.random(rows, cols, 15).withColumns(2), lengths.reversed());
        }
        // The same number of weights in few rows.
        inRanges(Problem.random(7, 100_003, 14).withRandomBlockScales().withColumns(2), List.of(1, 4, 2));
    }

    private void inRanges(Problem problem, List<Integer> lengths) {
        Trial trial = kernel().trial(Rules.ROW_RANGES, problem);
        for (OperationUnderTest operation : OperationUnderTest.values()) {
            try (Arena arena = Arena.ofConfined()) {
                Operands operands = Operands.place(problem, Placement.OFF_HEAP, operation, arena);
                F32Vector all = F32Vector.allocate(arena, operation.resultLength(problem, 0, problem.rows()));
                F32Vector ranges = F32Vector.allocate(arena, all.length());
                trial.call(operation, operands, all);
                int from = 0;
                for (int length : lengths) {
                    int to = from + length;
                    trial.rows(from, to).call(operation, operands, operation.target(ranges, problem, from, to));
                    from = to;
                }
                trial.compareSame(operation, ranges, all);
            }
        }
    }

    @Test
    @DisplayName(Rules.ROW_STRIDE)
    default void rule16RowStride() {
        for (int gap : List.of(1, 2, 3, 7, 31, 64, 100)) {
            for (int cols : List.of(256, 300)) {
                everyHome(Rules.ROW_STRIDE, Problem.whole(5, cols, gap), placement -> placement.withRowGap(gap));
            }
        }
    }

    /** Memory that ends anywhere after the last row: its size tells neither rows nor blocks. */
    @Test
    @DisplayName(Rules.LONGER_MEMORY)
    default void rule43LongerMemory() {
        for (int tail : List.of(1, 3, 5, 15, 63, 64, 65, 100, 128, 320, 640, 4096)) {
            for (int cols : List.of(7, 256, 300)) {
                for (int rows : List.of(1, 5)) {
                    Problem problem = Problem.whole(rows, cols, tail);
                    everyHome(Rules.LONGER_MEMORY, problem, placement -> placement.withTail(tail));
                    everyHome(
                            Rules.LONGER_MEMORY,
                            problem,
                            placement -> placement.withTail(tail).withRowGap(3));
                }
            }
        }
    }

    /** Vectors that end anywhere after what is needed; the values there are neither read nor written. */
    @Test
    @DisplayName(Rules.LONGER_VECTORS)
    default void rule46LongerVectors() {
        for (int beyond : List.of(1, 2, 3, 5, 8, 16, 31, 64, 100, 256, 1000)) {
            for (int cols : List.of(7, 64, 256, 300)) {
                for (int rows : List.of(1, 5)) {
                    Problem problem = Problem.whole(rows, cols, beyond).withColumns(1 + beyond % 6);
                    longer(problem, beyond);
                    longer(problem.withBinaryBlockScales(), beyond);
                }
            }
        }
        longer(Problem.whole(70, 1500, 46).withColumns(9), 4096);
        longer(Problem.whole(3, 33_000, 46).withColumns(5), 1);
    }

    private void longer(Problem problem, int beyond) {
        Placement hostile = Placement.OFF_HEAP.amidHostileMemory().withLongerVectors(beyond);
        Placement onHeap = Placement.HEAP.amidHostileMemory().withLongerVectors(beyond);
        for (Placement placement : List.of(hostile, onHeap)) {
            Trial trial = kernel().trial(Rules.LONGER_VECTORS, problem).at(placement);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                trial.checkEverything(operation);
                trial.rows(problem.rows() / 2, problem.rows()).checkEverything(operation);
            }
        }
    }

    /** On and off the heap, with and without block scales, all rows and a range of them. */
    private void everyHome(String rule, Problem problem, UnaryOperator<Placement> change) {
        List<Placement> placements = List.of(
                change.apply(Placement.OFF_HEAP.amidHostileMemory()), change.apply(Placement.HEAP.amidHostileMemory()));
        OperationUnderTest[] all = OperationUnderTest.values();
        kernel().trial(rule, problem).checkAt(placements, all);
        Trial scaled = kernel().trial(rule, problem.withBinaryBlockScales());
        scaled.checkAt(placements, all);
        scaled.rows(problem.rows() / 2, problem.rows()).checkAt(placements, all);
    }

    /** Offsets that need more than 32 bits, in a file that is mostly a hole. */
    @Test
    @DisplayName(Rules.ROW_STRIDE + ", beyond 2 GiB")
    default void rule16RowStrideBeyond2GiB() {
        Problem problem = Problem.whole(3, 300, 16);
        Trial trial = kernel().trial(Rules.ROW_STRIDE, problem);
        long stride = Integer.MAX_VALUE + 65L;
        try (Arena arena = Arena.ofConfined()) {
            Operands compact = Operands.place(problem, Placement.OFF_HEAP, arena);
            long rowBytes = compact.w().rowStride();
            MemorySegment codes = sparseFile(2 * stride + rowBytes, arena);
            for (int row = 0; row < problem.rows(); row++) {
                MemorySegment.copy(compact.w().codes(), row * rowBytes, codes, row * stride, rowBytes);
            }
            Qk256Matrix wide = Qk256Matrix.of(codes, problem.rows(), problem.cols(), problem.codebook())
                    .withRowStride(stride);
            Operands operands = compact.with(wide);
            for (OperationUnderTest operation : OperationUnderTest.values()) {
                F32Vector result = F32Vector.allocate(arena, operation.resultLength(problem, 0, problem.rows()));
                trial.call(operation, operands, result);
                trial.compare(operation, result, trial.expected(operation));
            }
        }
    }

    private static MemorySegment sparseFile(long bytes, Arena arena) {
        try {
            return MemoryKind.sparseFile(bytes, arena);
        } catch (IOException e) {
            throw new TestAbortedException("no file of " + bytes + " bytes can be mapped here", e);
        }
    }

    @Test
    @DisplayName(Rules.EMPTY)
    default void rule30EmptyRanges() {
        Placement filled = Placement.OFF_HEAP.withFill(-12345);
        Trial trial = kernel().trial(Rules.EMPTY, Problem.random(3, 300, 30)).at(filled);
        for (int row = 0; row <= 3; row++) {
            trial.rows(row, row).checkAll();
        }
        kernel().trial(Rules.EMPTY, Problem.random(0, 300, 30)).at(filled).checkAll();
    }
}
