package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rules 17, 21 to 25 and 29: where operands are placed, and what may be read and written. */
interface MemoryRules extends RuleGroup {

    private static List<Placement> homes() {
        return List.of(Placement.OFF_HEAP, Placement.HEAP);
    }

    @Test
    @DisplayName(Rules.ALIGNMENT)
    default void rule17Alignment() {
        for (int cols : List.of(37, 256, 300)) {
            Trial trial =
                    kernel().trial(Rules.ALIGNMENT, Problem.whole(5, cols, 17).withBinaryBlockScales());
            for (Placement placement : homes()) {
                trial.checkAt(everyOffset(placement), OperationUnderTest.values());
            }
        }
    }

    /** Everything misaligned alike, only codes, only vectors or only the result, or each differently. */
    private static List<Placement> everyOffset(Placement placement) {
        return IntStream.rangeClosed(1, 64)
                .boxed()
                .flatMap(offset -> Stream.of(
                        placement.withOffsets(offset, offset),
                        placement.withOffsets(offset, 0),
                        placement.withOffsets(0, offset, 0),
                        placement.withOffsets(0, 0, offset),
                        placement.withOffsets(offset, 2 * offset + 1, 64 - offset)))
                .toList();
    }

    /** Sums that round, so that a different order of summation shows. */
    @Test
    @DisplayName(Rules.ALIGNMENT + ", the same bits")
    default void rule17AlignmentDecidesNoBit() {
        for (int cols : List.of(37, 300, 1000)) {
            Trial trial =
                    kernel().trial(Rules.ALIGNMENT, Problem.random(5, cols, 17).withRandomBlockScales());
            for (Placement placement : homes()) {
                F32Vector aligned =
                        trial.at(placement).run(OperationUnderTest.GEMV_F32).values();
                for (int offset = 1; offset <= 16; offset++) {
                    trial.at(placement.withOffsets(offset, offset)).checkSame(OperationUnderTest.GEMV_F32, aligned);
                    trial.at(placement.withOffsets(offset, 0)).checkSame(OperationUnderTest.GEMV_F32, aligned);
                    trial.at(placement.withOffsets(0, offset, 0)).checkSame(OperationUnderTest.GEMV_F32, aligned);
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.DIRTY_RESULT)
    default void rule21DirtyResult() {
        Problem problem = Problem.whole(5, 300, 21);
        for (float garbage : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -1e30f, -0f, 12345.678f}) {
            for (Placement placement : homes()) {
                kernel().trial(Rules.DIRTY_RESULT, problem)
                        .at(placement.withFill(garbage))
                        .checkAll();
            }
        }
    }

    @Test
    @DisplayName(Rules.PADDING)
    default void rule22Padding() {
        for (int cols : Sizes.REMAINDERS) {
            for (Placement placement : homes()) {
                Trial trial = kernel().trial(Rules.PADDING, Problem.random(5, cols, 22));
                Placement hostile = placement.amidHostileMemory();
                for (OperationUnderTest operation : OperationUnderTest.values()) {
                    F32Vector reference = trial.at(placement).run(operation).values();
                    for (int padding = 0; padding <= 4; padding++) {
                        trial.at(hostile.withPadding(padding)).checkSame(operation, reference);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.READS_INSIDE)
    default void rule23ReadsStayInside() {
        for (int cols : Sizes.REMAINDERS) {
            for (Placement placement : homes()) {
                Trial trial = kernel().trial(
                                Rules.READS_INSIDE, Problem.random(5, cols, 23).withRandomBlockScales());
                for (OperationUnderTest operation : OperationUnderTest.values()) {
                    F32Vector reference = trial.at(placement).run(operation).values();
                    trial.at(placement.amidHostileMemory()).checkSame(operation, reference);
                    trial.at(placement.amidHostileMemory().withRowGap(64)).checkSame(operation, reference);
                    for (MemoryKind guarded : MemoryKind.guarded()) {
                        Placement inputs = Placement.in(guarded, guarded, guarded, MemoryKind.OFF_HEAP);
                        trial.at(inputs).checkSame(operation, reference);
                    }
                }
            }
        }
    }

    /** Numbers of rows that are not multiples of a result vector's length. */
    @Test
    @DisplayName(Rules.READS_INSIDE + ", rows")
    default void rule23ReadsStayInsideForAnyRows() {
        for (int rows : Sizes.NUMBERS) {
            for (int cols : List.of(5, 256, 300)) {
                Trial trial = kernel().trial(
                                Rules.READS_INSIDE,
                                Problem.random(rows, cols, 23).withRandomBlockScales());
                for (OperationUnderTest operation : OperationUnderTest.values()) {
                    F32Vector reference = trial.run(operation).values();
                    trial.at(Placement.HEAP.amidHostileMemory()).checkSame(operation, reference);
                    for (MemoryKind guarded : MemoryKind.guarded()) {
                        trial.at(Placement.in(guarded, guarded, guarded, guarded))
                                .checkSame(operation, reference);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.WRITES_INSIDE)
    default void rule24WritesStayInside() {
        everySize(Rules.WRITES_INSIDE, Outcome::strayWrite, homesOfResults());
    }

    @Test
    @DisplayName(Rules.WRITES_INSIDE + ", rows")
    default void rule24WritesStayInsideForAnyRows() {
        for (int rows : Sizes.NUMBERS) {
            for (Placement placement : homesOfResults()) {
                Problem problem = Problem.random(rows, 37, rows).withColumns(1 + rows % 9);
                Trial trial = kernel().trial(Rules.WRITES_INSIDE, problem).at(placement.withOffsets(0, 0, rows % 16));
                for (OperationUnderTest operation : OperationUnderTest.values()) {
                    trial.run(operation).strayWrite().ifPresent(text -> trial.fail(operation, text));
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.INPUTS_UNCHANGED)
    default void rule25InputsUnchanged() {
        everySize(Rules.INPUTS_UNCHANGED, Outcome::inputChange, homes());
    }

    private static List<Placement> homesOfResults() {
        Stream<Placement> guarded = MemoryKind.guarded().stream()
                .map(result -> Placement.in(MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, result));
        return Stream.concat(homes().stream(), guarded).toList();
    }

    private void everySize(String rule, Function<Outcome, Optional<String>> damage, List<Placement> placements) {
        for (int cols : Sizes.REMAINDERS) {
            for (Placement placement : placements) {
                Problem problem = Problem.random(5, cols, cols).withRandomBlockScales();
                Trial all = kernel().trial(rule, problem).at(placement);
                for (Trial trial : List.of(all, all.rows(1, 4))) {
                    for (OperationUnderTest operation : OperationUnderTest.values()) {
                        damage.apply(trial.run(operation)).ifPresent(text -> trial.fail(operation, text));
                    }
                }
            }
        }
    }

    @Test
    @DisplayName(Rules.MEMORY)
    default void rule29KindsOfMemory() {
        Problem problem = Problem.whole(3, 300, 29).withBinaryBlockScales();
        for (MemoryKind codes : MemoryKind.EVERYWHERE) {
            for (MemoryKind vectors : MemoryKind.EVERYWHERE) {
                for (MemoryKind scales : MemoryKind.EVERYWHERE) {
                    for (MemoryKind result : List.of(MemoryKind.HEAP, MemoryKind.LONG_ARRAY, MemoryKind.OFF_HEAP)) {
                        kernel().trial(Rules.MEMORY, problem)
                                .at(Placement.in(codes, vectors, scales, result))
                                .checkAll();
                    }
                }
            }
        }
    }

    /** Arrays of exactly the values: such memory starts at offset 0 of its array. */
    @Test
    @DisplayName(Rules.MEMORY + ", whole arrays")
    default void rule29KindsOfMemoryWholeArrays() {
        MemoryKind whole = MemoryKind.WHOLE_ARRAY;
        List<Placement> placements = List.of(
                Placement.in(whole, whole, whole, whole),
                Placement.in(whole, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP),
                Placement.in(MemoryKind.OFF_HEAP, whole, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP),
                Placement.in(MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, whole, MemoryKind.OFF_HEAP),
                Placement.in(MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, MemoryKind.OFF_HEAP, whole));
        for (int cols : Sizes.TAILS) {
            Problem problem = Problem.whole(3, cols, 29).withBinaryBlockScales();
            kernel().trial(Rules.MEMORY, problem).checkAt(placements, OperationUnderTest.values());
        }
    }

    /**
     * Inputs are only read, so they may share memory: here the bytes of q are also the codes, and x contains the
     * scales.
     */
    @Test
    @DisplayName(Rules.MEMORY + ", shared by inputs")
    default void rule29KindsOfMemorySharedByInputs() {
        Problem whole = Problem.whole(3, 3 * Qk256.BLOCK_BYTES, 29);
        byte[] q = whole.q();
        float[] x = whole.x();
        Problem problem = whole.withCodes(
                        "codes of q's bytes",
                        (row, col) -> (q[row * Qk256.BLOCK_BYTES + col / 4] >> (2 * (col % 4))) & 3)
                .withBlockScales(x[0], x[1], x[2])
                .withColumns(1);
        Trial trial = kernel().trial(Rules.MEMORY, problem);
        try (Arena arena = Arena.ofConfined()) {
            List<Operands> everywhere = List.of(
                    sharing(problem, MemorySegment.ofArray(q), MemorySegment.ofArray(x), arena),
                    sharing(problem, arena.allocateFrom(JAVA_BYTE, q), arena.allocateFrom(JAVA_FLOAT, x), arena));
            for (Operands operands : everywhere) {
                for (OperationUnderTest operation : OperationUnderTest.values()) {
                    Expected[] expected = trial.expected(operation);
                    F32Vector result = F32Vector.allocate(arena, expected.length);
                    trial.call(operation, operands, result);
                    trial.compare(operation, result, expected);
                }
            }
        }
    }

    private static Operands sharing(Problem problem, MemorySegment bytes, MemorySegment floats, Arena arena) {
        Qk256Matrix w = Qk256Matrix.of(bytes, 3, (int) bytes.byteSize(), Codebook.QK256)
                .withGroupScales(floats.asSlice(0, 3L * Float.BYTES), Qk256.BLOCK_WEIGHTS, ScaleType.F32);
        I8Batch column = I8Batch.of(bytes, 1, bytes.byteSize());
        Operands placed = Operands.place(problem, Placement.OFF_HEAP, arena);
        return new Operands(
                w,
                F32Vector.of(floats),
                I8Vector.of(bytes, 1),
                column,
                placed.wide(),
                placed.shorts(),
                placed.listedRows(),
                placed.transposed(),
                placed.listedCols(),
                List.of());
    }
}
