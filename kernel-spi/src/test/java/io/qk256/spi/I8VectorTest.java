package io.qk256.spi;

import static io.qk256.spi.BadArguments.closedMemory;
import static io.qk256.spi.BadArguments.nothing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class I8VectorTest {

    @Test
    void viewsAnArray() {
        byte[] values = {1, 2, 3};
        I8Vector vector = I8Vector.of(values, 0.5f);
        values[0] = 10;

        assertThat(vector.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 10);
        assertThat(vector.length()).isEqualTo(3);
        assertThat(vector.scale()).isEqualTo(0.5f);
        assertThat(vector).hasToString("i8[3] with scale 0.5");
    }

    @Test
    void anyAlignmentAndLengthWillDo() {
        MemorySegment slice = MemorySegment.ofArray(new byte[8]).asSlice(3, 5).asReadOnly();
        assertThat(I8Vector.of(slice, 1).segment()).isSameAs(slice);
        assertThat(I8Vector.of(new byte[0], 1).length()).isZero();
    }

    @ParameterizedTest
    @ValueSource(floats = {0, -0.0f, -1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void theScaleIsFiniteAndPositive(float scale) {
        I8Vector vector = I8Vector.of(new byte[4], 2);
        String message = "activation scale: " + scale + ", expected finite and above 0";
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Vector.of(new byte[4], scale))
                .withMessage(message);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Vector.of(MemorySegment.ofArray(new byte[4]), scale))
                .withMessage(message);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> vector.scale(scale))
                .withMessage(message);
        assertThat(vector.scale()).as("scale after the refusal").isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.MIN_VALUE, 1, Float.MAX_VALUE})
    void theScaleCanBeSetAgain(float scale) {
        I8Vector vector = I8Vector.of(new byte[4], 2);
        vector.scale(scale);
        assertThat(vector.scale()).isEqualTo(scale);
    }

    @Test
    void closedMemoryAndNullsAreRefused() {
        MemorySegment segment = closedMemory(8);
        assertThatIllegalStateException()
                .isThrownBy(() -> I8Vector.of(segment, 1))
                .withMessage("i8 vector: the arena of this segment is closed");
        assertThatNullPointerException()
                .isThrownBy(() -> I8Vector.of(BadArguments.<MemorySegment>nothing(), 1))
                .withMessage("i8 vector");
        assertThatNullPointerException()
                .isThrownBy(() -> I8Vector.of(BadArguments.<byte[]>nothing(), 1))
                .withMessage("values");
        assertThatNullPointerException().isThrownBy(() -> I8Vector.allocate(nothing(), 1));
    }

    @Test
    void allocatedMemoryIsZeroedOnACacheLineWithScaleOne() {
        try (Arena arena = Arena.ofConfined()) {
            for (int length : new int[] {0, 1, 7, 257}) {
                I8Vector vector = I8Vector.allocate(arena, length);
                assertThat(vector.length()).isEqualTo(length);
                assertThat(vector.scale()).isEqualTo(1);
                assertThat(vector.segment().address() % 64).isZero();
                assertThat(vector.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(new byte[length]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE})
    void aNegativeLengthIsRefused(long length) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> I8Vector.allocate(arena, length))
                    .withMessage("length: " + length + ", expected 0 or more");
        }
    }

    @Test
    void tellsWhereItsValuesAre() {
        try (Arena arena = Arena.ofConfined()) {
            I8Vector offHeap = I8Vector.allocate(arena, 5);
            assertThat(offHeap.isOffHeap()).isTrue();
            assertThat(offHeap.address()).isEqualTo(offHeap.segment().address());
        }
        I8Vector onHeap = I8Vector.of(MemorySegment.ofArray(new byte[8]).asSlice(3), 1);
        assertThat(onHeap.isOffHeap()).isFalse();
        assertThat(onHeap.address()).isEqualTo(3);
    }
}
