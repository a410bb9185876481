package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Qk256;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class OperandsTest {

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    /** Codes 0, 1, 2, 3 from the least significant bits up are the byte 0xE4. */
    @Test
    void packsByTheDefinitionOfTheLayout() {
        Problem problem = Problem.random(2, 6, 0).withCodes("by hand", (row, col) -> (col + row) % 4);

        MemorySegment codes = Operands.place(problem, Placement.OFF_HEAP.withPadding(3), arena)
                .w()
                .codes();

        assertThat(codes.byteSize()).isEqualTo(2 * 64);
        assertThat(codes.asSlice(0, 3).toArray(JAVA_BYTE)).containsExactly(0b11_10_01_00, 0b11_11_01_00, 0xFF);
        assertThat(codes.asSlice(64, 3).toArray(JAVA_BYTE)).containsExactly(0b00_11_10_01, 0b11_11_10_01, 0xFF);
    }

    @Test
    void packsAsTheFrameworkDoes() {
        Problem problem = Problem.random(1, 700, 0);
        byte[] row = new byte[700];
        for (int col = 0; col < row.length; col++) {
            row[col] = (byte) problem.code(0, col);
        }
        byte[] packed = new byte[(int) Qk256.rowBytes(700)];
        Qk256.pack(row, MemorySegment.ofArray(packed));

        assertThat(Operands.place(problem, Placement.HEAP, arena).w().codes().toArray(JAVA_BYTE))
                .isEqualTo(packed);
    }

    @Test
    void leavesGapsBetweenRowsButNoneAfterTheLast() {
        Operands operands = Operands.place(Problem.random(3, 256, 0), Placement.OFF_HEAP.withRowGap(7), arena);

        assertThat(operands.w().rowStride()).isEqualTo(71);
        assertThat(operands.w().codes().byteSize()).isEqualTo(2 * 71 + 64);
    }

    @ParameterizedTest
    @EnumSource(
            names = {"BEFORE_GUARD_PAGE", "AFTER_GUARD_PAGE", "LOCKED_PAGES"},
            mode = Mode.EXCLUDE)
    void placesTheSameValuesEverywhere(MemoryKind home) {
        Problem problem = Problem.random(3, 300, 0).withRandomBlockScales();

        Operands operands = Operands.place(
                problem, Placement.in(home, home, home, MemoryKind.HEAP).withOffsets(3, 5), arena);

        assertThat(operands.x().toArray()).isEqualTo(problem.x());
        assertThat(operands.q().segment().toArray(JAVA_BYTE)).isEqualTo(problem.q());
        assertThat(operands.w().groupScales().orElseThrow().toArray(ValueLayout.JAVA_FLOAT))
                .isEqualTo(problem.groupScales().orElseThrow());
        assertThat(List.of(
                        operands.x().segment(),
                        operands.q().segment(),
                        operands.w().codes()))
                .allMatch(segment -> segment.isReadOnly() == home.isReadOnly())
                .allMatch(segment -> segment.isNative() == (home == MemoryKind.OFF_HEAP || home == MemoryKind.MAPPED))
                .allMatch(segment -> segment.isMapped() == (home == MemoryKind.MAPPED));
    }

    @Test
    void startsOffHeapValuesAtTheirOffsets() {
        Operands operands = Operands.place(Problem.random(1, 256, 0), Placement.OFF_HEAP.withOffsets(3, 5), arena);

        assertThat(operands.w().codes().address() % 64).isEqualTo(3);
        assertThat(operands.q().segment().address() % 64).isEqualTo(3);
        assertThat(operands.x().segment().address() % 64).isEqualTo(5 * Float.BYTES);
    }
}
