package io.qk256.spi;

import static io.qk256.spi.BadArguments.nothing;
import static io.qk256.spi.Views.COLS;
import static io.qk256.spi.Views.ROWS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.qk256.spi.RecordingKernel.Call;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.MethodSource;

/** Shapes and ranges: invalid ones never reach the kernel. */
class KernelArgumentsTest {

    private final RecordingKernel kernel = new RecordingKernel();

    @ParameterizedTest
    @EnumSource
    void theKernelGetsTheRangeAndTheCallersViews(Operation operation) {
        Views v = Views.onHeap(operation).withOut(Calls.outLength(operation, 2));
        Calls.run(operation, kernel, v, 1, 3);
        assertThat(kernel.calls).containsExactly(new Call(operation, 1, 3, Calls.arguments(operation, v)));
    }

    @ParameterizedTest
    @EnumSource
    void theShortFormTakesAllRows(Operation operation) {
        Views v = Views.onHeap(operation);
        Calls.runAllRows(operation, kernel, v);
        assertThat(kernel.calls).containsExactly(new Call(operation, 0, ROWS, Calls.arguments(operation, v)));
    }

    @ParameterizedTest
    @MethodSource("ranges")
    void anEmptyRangeIsNotPassedOn(Operation operation, int row) {
        Calls.run(operation, kernel, Views.onHeap(operation).withOut(Calls.outLength(operation, 0)), row, row);
        assertThat(kernel.calls).isEmpty();
    }

    static Stream<Arguments> ranges() {
        return withEachOperation(0, 1, ROWS);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "GEMV_TRANSPOSED")
    void aMatrixWithoutRowsIsNotPassedOn(Operation operation) {
        Qk256Matrix none = Qk256Matrix.of(MemorySegment.ofArray(new byte[0]), 0, COLS, Codebook.QK256);
        Q8Matrix noWide = Q8Matrix.of(MemorySegment.ofArray(new byte[0]), MemorySegment.ofArray(new short[0]), 0, COLS);
        Calls.runAllRows(
                operation,
                kernel,
                Views.onHeap(operation)
                        .with(none)
                        .with(noWide)
                        .with(IndexList.allocate(Arena.ofAuto(), 0))
                        .withOut(0));
        assertThat(kernel.calls).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("badRanges")
    void aRangeOutsideTheMatrixIsRefused(Operation operation, int[] range) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calls.run(operation, kernel, Views.onHeap(operation), range[0], range[1]))
                .withMessage(Calls.range(operation) + ": [" + range[0] + ", " + range[1]
                        + "), expected a range within [0, 3)");
        assertThat(kernel.calls).isEmpty();
    }

    static Stream<Arguments> badRanges() {
        return withEachOperation(
                new int[] {-1, 1}, new int[] {2, 1}, new int[] {0, 4}, new int[] {4, 4}, new int[] {-1, -1}, new int[] {
                    Integer.MIN_VALUE, Integer.MAX_VALUE
                });
    }

    @ParameterizedTest
    @EnumSource
    void longerVectorsArePassedOn(Operation operation) {
        Views v = Views.onHeap(operation).withColumns(COLS + 5).withOut(Calls.outLength(operation, 2) + 7);
        Calls.run(operation, kernel, v, 1, 3);
        assertThat(kernel.calls).containsExactly(new Call(operation, 1, 3, Calls.arguments(operation, v)));
    }

    @ParameterizedTest
    @EnumSource
    void aShorterOutputIsRefused(Operation operation) {
        int expected = Calls.outLength(operation, 2);
        Views v = Views.onHeap(operation).withOut(expected - 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calls.run(operation, kernel, v, 0, 2))
                .withMessage(Calls.outName(operation) + ": length " + (expected - 1) + ", expected " + expected
                        + " or more (" + Calls.outShape(operation) + ")");
        assertThat(kernel.calls).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "DEQUANTIZE")
    void anEmptyRangeIsCheckedAllTheSame(Operation operation) {
        Views v = Views.onHeap(operation).withOut(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calls.run(operation, kernel, v, 1, 1))
                .withMessageStartingWith("y: length 2, expected ");
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "DEQUANTIZE")
    void aShorterInputIsRefused(Operation operation) {
        for (int length : new int[] {0, COLS - 1}) {
            Views v = Views.onHeap(operation).withColumns(length);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Calls.runAllRows(operation, kernel, v))
                    .withMessage("x: length " + length + ", expected 257 or more (" + Calls.inShape(operation) + ")");
        }
        assertThat(kernel.calls).isEmpty();
    }

    /** In int32 the product would be -2. */
    @Test
    void theExpectedLengthDoesNotOverflow(@TempDir Path directory) throws IOException {
        try (FileChannel file = FileChannel.open(
                        directory.resolve("sparse"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.SPARSE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            MemorySegment codes = file.map(MapMode.READ_WRITE, 0, 2 * Qk256.rowBytes(Integer.MAX_VALUE), arena);
            Qk256Matrix w = Qk256Matrix.of(codes, 2, Integer.MAX_VALUE, Codebook.QK256);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> kernel.dequantize(w, F32Vector.of(1, 2)))
                    .withMessage("out: length 2, expected 4294967294 or more (rows in the range x cols)");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"GEMV_I8", "GEMM_I8", "GEMV_LISTED"})
    void int8NeedsAnIntegerCodebook(Operation operation) {
        Views v = Views.onHeap(operation);
        Qk256Matrix halves = Qk256Matrix.of(v.w().codes(), ROWS, COLS, new Codebook(-1, -0.5f, 0.5f, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calls.runAllRows(operation, kernel, v.with(halves)))
                .withMessage(
                        "int8 product: expected integer codebook values from -64 to 63 whose sum over the columns fits"
                                + " in int32, got Codebook[value0=-1.0, value1=-0.5, value2=0.5, value3=1.0] and 257 columns;"
                                + " use the f32 product");
        assertThat(kernel.calls).isEmpty();

        Calls.runAllRows(Operation.GEMV_F32, kernel, v.with(halves).withOut(ROWS));
        assertThat(kernel.calls).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"GEMV_LISTED", "GEMV_TRANSPOSED"})
    void aListedRowThatDoesNotExistIsRefused(Operation operation) {
        int rows = operation == Operation.GEMV_LISTED ? ROWS : COLS;
        IndexList listed = IndexList.allocate(Arena.ofAuto(), 2);
        listed.add(0);
        listed.add(rows);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calls.runAllRows(
                        operation, kernel, Views.onHeap(operation).with(listed)))
                .withMessage("list: row " + rows + ", expected rows below " + rows + " (rows of the matrix)");
        assertThat(kernel.calls).isEmpty();
    }

    @Test
    void aListWithoutRowsOfTheRangeIsNotPassedOn() {
        Views v = Views.onHeap(Operation.GEMV_LISTED); // Row 1.
        Calls.run(Operation.GEMV_LISTED, kernel, v, 0, 1);
        Calls.run(Operation.GEMV_LISTED, kernel, v, 2, 3);
        assertThat(kernel.calls).isEmpty();
        Calls.run(Operation.GEMV_LISTED, kernel, v, 1, 2);
        assertThat(kernel.calls).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"GEMV_LISTED", "GEMV_TRANSPOSED"})
    void aListWhoseMemoryIsClosedIsRefused(Operation operation) {
        IndexList listed;
        try (Arena arena = Arena.ofConfined()) {
            listed = IndexList.allocate(arena, 1);
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> Calls.runAllRows(
                        operation, kernel, Views.onHeap(operation).with(listed)))
                .withMessage("list: the arena of this segment is closed");
    }

    @Test
    void theTransposedProductIsDefinedForIntegersWithoutScalesOfGroups() {
        Views v = Views.onHeap(Operation.GEMV_TRANSPOSED);
        Qk256Matrix w = v.byColumns();
        Qk256Matrix halves = Qk256Matrix.of(w.codes(), COLS, ROWS, new Codebook(-1, -0.5f, 0.5f, 1));
        assertRefused(v.withByColumns(halves), "transposed int8 product: expected integer codebook values");
        Qk256Matrix grouped =
                w.withGroupScales(MemorySegment.ofArray(new float[COLS]), Qk256.BLOCK_WEIGHTS, ScaleType.F32);
        assertRefused(v.withByColumns(grouped), "got group scales");
        I8Vector multiplied =
                I8Vector.inGroups(v.q().segment(), MemorySegment.ofArray(new short[Math.ceilDiv(COLS, 32)]), 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.gemvTransposed(w, multiplied, v.listed(), v.out()))
                .withMessageContaining("got multipliers");
        assertThat(kernel.calls).isEmpty();
    }

    /** The product of a column is the sum over all rows, whichever are listed. */
    @Test
    void theTransposedProductIsRefusedIfItsSumMayNotFit() {
        int rows = Integer.MAX_VALUE / 128 / 64 + 1;
        Codebook large = new Codebook(-64, 0, 1, 2);
        Qk256Matrix fits = Qk256Matrix.of(MemorySegment.ofArray(new byte[(rows - 1) * 64]), rows - 1, 1, large);
        Qk256Matrix more = Qk256Matrix.of(MemorySegment.ofArray(new byte[rows * 64]), rows, 1, large);
        I8Vector x = I8Vector.of(new byte[rows], 1);
        IndexList none = IndexList.allocate(Arena.ofAuto(), 0);
        kernel.gemvTransposed(fits, x, none, F32Vector.of(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.gemvTransposed(more, x, none, F32Vector.of(1)))
                .withMessageContaining("whose sum over the rows fits in int32, got")
                .withMessageEndingWith(" and " + rows + " rows");
    }

    private void assertRefused(Views v, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Calls.runAllRows(Operation.GEMV_TRANSPOSED, kernel, v))
                .withMessageContaining(message);
    }

    @Test
    void nullsAreNamed() {
        Views v = Views.onHeap(Operation.GEMV_F32);
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.dequantize(nothing(), v.out()))
                .withMessageContaining("\"w\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.dequantize(v.w(), nothing()))
                .withMessageContaining("\"out\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.gemv(nothing(), v.x(), v.out()))
                .withMessageContaining("\"w\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.gemv(v.w(), BadArguments.<F32Vector>nothing(), v.out()))
                .withMessageContaining("\"x\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.gemv(v.w(), BadArguments.<I8Vector>nothing(), v.out()))
                .withMessageContaining("\"x\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.gemm(v.w(), nothing(), v.out()))
                .withMessageContaining("\"x\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.gemv(v.w(), v.x(), nothing()))
                .withMessageContaining("\"y\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.gemv(v.w(), v.q(), nothing()))
                .withMessageContaining("\"y\" is null");
        assertThatNullPointerException()
                .isThrownBy(() -> kernel.gemm(v.w(), v.batch(), nothing()))
                .withMessageContaining("\"y\" is null");
    }

    private static Stream<Arguments> withEachOperation(Object... values) {
        return Arrays.stream(Operation.values())
                .flatMap(operation -> Arrays.stream(values).map(value -> Arguments.of(operation, value)));
    }
}
