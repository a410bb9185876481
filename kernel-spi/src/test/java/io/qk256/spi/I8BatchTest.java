package io.qk256.spi;

import static io.qk256.spi.BadArguments.closedMemory;
import static io.qk256.spi.BadArguments.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class I8BatchTest {

    @Test
    void viewsAnArrayColumnByColumn() {
        byte[] values = {1, 2, 3, 4, 5, 6};
        I8Batch matrix = I8Batch.of(values, 2, 3);
        values[4] = 50;

        assertThat(matrix.columns()).isEqualTo(2);
        assertThat(matrix.length()).isEqualTo(3);
        assertThat(matrix.column(0).segment().toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3);
        assertThat(matrix.column(1).segment().toArray(ValueLayout.JAVA_BYTE)).containsExactly(4, 50, 6);
        assertThat(matrix).hasToString("i8[2 columns x 3]");
    }

    @Test
    void eachColumnKeepsItsScale() {
        I8Batch matrix = I8Batch.of(new byte[6], 3, 2);
        matrix.column(1).scale(5);

        assertThat(matrix.column(0).scale()).isEqualTo(1);
        assertThat(matrix.column(1).scale()).isEqualTo(5);
        assertThat(matrix.column(1)).isSameAs(matrix.column(1));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 3, Integer.MAX_VALUE})
    void thereIsNoOtherColumn(int column) {
        I8Batch matrix = I8Batch.of(new byte[6], 3, 2);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> matrix.column(column));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 7})
    void anotherSizeIsRefused(int bytes) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Batch.of(new byte[bytes], 3, 2))
                .withMessage("i8 matrix: 3 columns x 2 values = 6 bytes expected, got " + bytes);
    }

    @Test
    void shapesThatAreNoneAreRefused() {
        MemorySegment none = MemorySegment.ofArray(new byte[0]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Batch.of(none, 0, 4))
                .withMessage("columns: 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Batch.of(none, 1, -1))
                .withMessage("length: -1, expected 0 to 9223372036854775807");
        assertThatIllegalArgumentException()
                .as("in 64 bits the size would be 0")
                .isThrownBy(() -> I8Batch.allocate(Arena.global(), 4, 1L << 62))
                .withMessage("length: 4611686018427387904, expected 0 to 2305843009213693951");
    }

    @Test
    void closedMemoryAndNullsAreRefused() {
        MemorySegment segment = closedMemory(8);
        assertThatIllegalStateException()
                .isThrownBy(() -> I8Batch.of(segment, 2, 4))
                .withMessage("i8 matrix: the arena of this segment is closed");
        assertThatNullPointerException()
                .isThrownBy(() -> I8Batch.of(BadArguments.<MemorySegment>nothing(), 2, 4))
                .withMessage("i8 matrix");
        assertThatNullPointerException()
                .isThrownBy(() -> I8Batch.of(BadArguments.<byte[]>nothing(), 2, 4))
                .withMessage("values");
        assertThatNullPointerException().isThrownBy(() -> I8Batch.allocate(nothing(), 2, 4));
    }

    @Test
    void allocatedMemoryIsZeroedOnACacheLine() {
        try (Arena arena = Arena.ofConfined()) {
            I8Batch matrix = I8Batch.allocate(arena, 2, 33);
            assertThat(matrix.segment().address() % 64).isZero();
            assertThat(matrix.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[66]);
            assertThat(matrix.column(1).segment().address())
                    .isEqualTo(matrix.segment().address() + 33);
        }
    }

    @Test
    void tellsWhereItsColumnsAre() {
        try (Arena arena = Arena.ofConfined()) {
            I8Batch offHeap = I8Batch.allocate(arena, 3, 5);
            assertThat(offHeap.isOffHeap()).isTrue();
            assertThat(offHeap.address(0)).isEqualTo(offHeap.segment().address());
            assertThat(offHeap.address(2)).isEqualTo(offHeap.segment().address() + 10);
            assertThat(offHeap.column(2).address()).isEqualTo(offHeap.address(2));
        }
        assertThat(I8Batch.of(new byte[6], 3, 2).isOffHeap()).isFalse();
        assertThat(I8Batch.of(new byte[6], 3, 2).address(3)).isEqualTo(6);
    }
}
