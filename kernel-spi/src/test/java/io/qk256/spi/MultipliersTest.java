package io.qk256.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Activations quantized in groups of 32. */
class MultipliersTest {

    @Test
    void eachGroupOf32HasOne() {
        I8Vector x = I8Vector.inGroups(
                MemorySegment.ofArray(new byte[65]), MemorySegment.ofArray(new short[] {1, 0, 32767}), 2);

        assertThat(x.hasMultipliers()).isTrue();
        assertThat(x.multiplier(0)).isEqualTo(1);
        assertThat(x.multiplier(2)).isEqualTo(32767);
        assertThat(x.scale()).isEqualTo(2);
        assertThat(x).hasToString("i8[65] with scale 2.0 in groups of 32");
        assertThatThrownBy(() -> x.multiplier(3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void withoutThemAllAre1() {
        I8Vector x = I8Vector.of(new byte[65], 2);

        assertThat(x.hasMultipliers()).isFalse();
        assertThat(x.multipliers()).isEmpty();
        assertThat(x.multipliersAddress()).isZero();
        assertThat(x.multiplier(2)).isEqualTo(1);
    }

    @Test
    void theirNumberAndBoundaryMustMatch() {
        MemorySegment q = MemorySegment.ofArray(new byte[65]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Vector.inGroups(q, MemorySegment.ofArray(new short[2]), 1))
                .withMessage("multipliers: 1 columns x 3 groups of 32 values x 2 bytes = 6 bytes expected, got 4");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Vector.inGroups(q, MemorySegment.ofArray(new byte[6]), 1))
                .withMessageStartingWith("multipliers: the segment is aligned to 1 byte(s), expected 2 or more");
        assertThatNullPointerException()
                .isThrownBy(() -> I8Vector.inGroups(q, BadArguments.nothing(), 1))
                .withMessage("multipliers");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> I8Batch.inGroups(
                        MemorySegment.ofArray(new byte[66]), MemorySegment.ofArray(new short[3]), 2, 33))
                .withMessage("multipliers: 2 columns x 2 groups of 32 values x 2 bytes = 8 bytes expected, got 6");
    }

    @Test
    void columnsOfABatchHaveTheirOwn() {
        try (Arena arena = Arena.ofConfined()) {
            I8Batch batch = I8Batch.allocateInGroups(arena, 3, 70);
            for (int i = 0; i < 9; i++) {
                batch.multipliers().orElseThrow().setAtIndex(ValueLayout.JAVA_SHORT, i, (short) i);
            }

            assertThat(batch.column(2).multiplier(1)).isEqualTo(7);
            assertThat(batch.column(1).multipliersAddress())
                    .isEqualTo(batch.column(0).multipliersAddress() + 6);
            assertThat(batch.column(1).address()).isEqualTo(batch.address() + 70);
            assertThat(batch.isAllOffHeap()).isTrue();
        }
    }

    @Test
    void theirMemoryIsCheckedBeforeEachOperation() {
        Kernel kernel = new RecordingKernel();
        Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(new byte[64]), 1, 256, Codebook.TERNARY);
        float[] y = new float[4];
        I8Vector overlapping = I8Vector.inGroups(MemorySegment.ofArray(new byte[256]), MemorySegment.ofArray(y), 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.gemv(w, overlapping, F32Vector.of(y)))
                .withMessage("y overlaps multipliers; results need memory of their own");
        I8Vector closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = I8Vector.inGroups(MemorySegment.ofArray(new byte[256]), arena.allocate(16, 2), 1);
        }
        assertThatThrownBy(() -> kernel.gemv(w, closed, F32Vector.of(new float[1])))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("multipliers");
    }
}
