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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class F32VectorTest {

    @Test
    void readsAndWritesAnArray() {
        float[] values = {1, 2, 3};
        F32Vector vector = F32Vector.of(values);
        vector.set(1, 20);

        assertThat(values).containsExactly(1, 20, 3);
        assertThat(vector.get(2)).isEqualTo(3);
        assertThat(vector.length()).isEqualTo(3);
        assertThat(vector.toArray()).containsExactly(1, 20, 3).isNotSameAs(values);
        assertThat(vector).hasToString("f32[3]");
        assertThat(F32Vector.of().length()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 3, Long.MAX_VALUE})
    void anIndexOutsideIsRefused(long i) {
        F32Vector vector = F32Vector.of(1, 2, 3);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> vector.get(i));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> vector.set(i, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 63})
    void aSegmentHasWholeValues(int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(bytes, 4);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> F32Vector.of(segment))
                    .withMessage("f32 vector: " + bytes + " bytes, expected a multiple of 4 (f32 values)");
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 1", "6, 2"})
    void aMisalignedSegmentIsRefused(int offset, int alignment) {
        String message = "f32 vector: the segment is aligned to " + alignment
                + " byte(s), expected 4 or more; use a float[] or off-heap memory on a 4-byte boundary";
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offHeap = arena.allocate(32, 16).asSlice(offset, 8);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> F32Vector.of(offHeap))
                    .withMessage(message);
        }
        MemorySegment heap = MemorySegment.ofArray(new float[8]).asSlice(offset, 8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> F32Vector.of(heap))
                .withMessage(message);
    }

    @Test
    void bytesAndShortsOnTheHeapHaveNoAlignmentToRelyOn() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> F32Vector.of(MemorySegment.ofArray(new byte[8])))
                .withMessageContaining("aligned to 1 byte(s), expected 4 or more; use a float[]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> F32Vector.of(MemorySegment.ofArray(new short[4])))
                .withMessageContaining("aligned to 2 byte(s)");
        assertThat(F32Vector.of(MemorySegment.ofArray(new int[] {0x3F800000})).get(0))
                .isEqualTo(1);
        assertThat(F32Vector.of(MemorySegment.ofArray(new double[2])).length()).isEqualTo(4);
    }

    @Test
    void closedMemoryAndNullsAreRefused() {
        MemorySegment segment = closedMemory(8);
        assertThatIllegalStateException()
                .isThrownBy(() -> F32Vector.of(segment))
                .withMessage("f32 vector: the arena of this segment is closed");
        assertThatNullPointerException()
                .isThrownBy(() -> F32Vector.of(BadArguments.<MemorySegment>nothing()))
                .withMessage("f32 vector");
        assertThatNullPointerException()
                .isThrownBy(() -> F32Vector.of(BadArguments.<float[]>nothing()))
                .withMessage("values");
        assertThatNullPointerException().isThrownBy(() -> F32Vector.allocate(nothing(), 1));
    }

    @Test
    void aSliceIsAViewOfTheSameMemory() {
        F32Vector vector = F32Vector.of(0, 1, 2, 3, 4);
        F32Vector slice = vector.slice(1, 4);
        slice.set(0, 10);

        assertThat(slice.toArray()).containsExactly(10, 2, 3);
        assertThat(vector.get(1)).isEqualTo(10);
        assertThat(vector.slice(5, 5).length()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"-1, 2", "2, 6", "3, 2", "0, 9223372036854775807"})
    void aSliceLiesWithin(long from, long to) {
        F32Vector vector = F32Vector.of(0, 1, 2, 3, 4);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> vector.slice(from, to));
    }

    @Test
    void allocatedMemoryIsZeroedOnACacheLine() {
        try (Arena arena = Arena.ofConfined()) {
            for (int length : new int[] {0, 1, 7, 33}) {
                F32Vector vector = F32Vector.allocate(arena, length);
                assertThat(vector.length()).isEqualTo(length);
                assertThat(vector.segment().address() % 64).isZero();
                assertThat(vector.segment().isNative()).isTrue();
                assertThat(vector.toArray()).isEqualTo(new float[length]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, 2305843009213693952L, Long.MAX_VALUE})
    void aLengthThatCannotBeIsRefused(long length) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> F32Vector.allocate(arena, length))
                    .withMessage("length: " + length + ", expected 0 to 2305843009213693951");
        }
    }

    @Test
    void tellsWhereItsValuesLie() {
        MemorySegment memory = Arena.ofAuto().allocate(64, 64);
        F32Vector offHeap = F32Vector.of(memory).slice(3, 5);
        assertThat(offHeap.isOffHeap()).isTrue();
        assertThat(offHeap.address()).isEqualTo(memory.address() + 12);
        F32Vector onHeap = F32Vector.of(new float[8]).slice(2, 4);
        assertThat(onHeap.isOffHeap()).isFalse();
        assertThat(onHeap.address()).isEqualTo(onHeap.segment().address());
    }

    @Test
    void theAddressOfAValueIsItsPlace() {
        try (Arena arena = Arena.ofConfined()) {
            F32Vector offHeap = F32Vector.allocate(arena, 3);
            assertThat(offHeap.address(0)).isEqualTo(offHeap.segment().address());
            assertThat(offHeap.address(3)).isEqualTo(offHeap.segment().address() + 12);
            assertThat(offHeap.slice(1, 3).address(1)).isEqualTo(offHeap.address(2));
        }
        assertThat(F32Vector.of(new float[4]).slice(1, 4).address(2)).isEqualTo(12);
        assertThat(F32Vector.of().address(1L << 40)).as("past 32 bits").isEqualTo(1L << 42);
    }

    @Test
    void aSliceLivesAndIsWritableAsItsVector() {
        F32Vector readOnly = F32Vector.of(MemorySegment.ofArray(new float[4]).asReadOnly());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> readOnly.slice(1, 2).requireWritable("y"))
                .withMessage("y: the segment is read-only; results need writable memory");
        F32Vector slice;
        try (Arena arena = Arena.ofConfined()) {
            slice = F32Vector.allocate(arena, 4).slice(1, 2);
            slice.requireWritable("y");
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> slice.requireUsable("y"))
                .withMessage("y: the arena of this segment is closed");
    }
}
