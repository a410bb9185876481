package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.support.F16Attention;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The native check compares all numbers, and the engine's tests compare them with the code in Java. */
class NativeAttentionTest {

    private static final int HEAD = 64;
    private static final int QUERIES = 2;
    private static final int TOKENS = 3;
    private static final int STRIDE = 2 * QUERIES * HEAD;
    private static final int BLOCKS = 2;
    private static final long RUN = (long) BLOCKS * F16Attention.POSITIONS * HEAD * Short.BYTES;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment[] pages = {arena.allocate(2 * RUN), arena.allocate(2 * RUN)};
    private final float[] x = new float[TOKENS * STRIDE];
    private final float[] y = new float[TOKENS * STRIDE];

    /** All keys are 0, so the result is the mean of the values, which are their positions. */
    @Test
    void attendsToAllPositionsInAllPages() {
        assertThat(attention()).isNotNull();
        for (int position = 0; position < 100; position++) {
            int block = position / F16Attention.POSITIONS;
            for (int d = 0; d < HEAD; d++) {
                long at = (long) (block % BLOCKS * F16Attention.POSITIONS + position % F16Attention.POSITIONS) * HEAD;
                pages[block / BLOCKS].set(
                        ValueLayout.JAVA_SHORT, RUN + (at + d) * Short.BYTES, Float.floatToFloat16(position));
            }
        }
        for (Tier tier : Tier.values()) {
            if (tier.isIn(Avx2NativeProvider.usableTiers())) {
                F16Attention.Worker worker = NativeAttention.in(tier.andNarrower() & Native.tiers())
                        .worker(HEAD, QUERIES)
                        .orElseThrow();
                Arrays.fill(y, -1);
                worker.attend(i -> pages[i], 0, RUN, BLOCKS, TOKENS, 97, 1, x, y, HEAD, STRIDE);
                for (int i = 0; i < y.length; i++) {
                    int within = i % STRIDE - HEAD;
                    float expected = within >= 0 && within < QUERIES * HEAD ? (97 + i / STRIDE) / 2f : -1;
                    assertThat(y[i]).as("%s, number %d", tier, i).isCloseTo(expected, withinPercentage(0.1));
                }
            }
        }
    }

    @Test
    void refusesWhatItCannotRead() {
        F16Attention attention = attention();
        assertThat(attention.worker(HEAD + 1, QUERIES)).isEmpty();
        assertThat(attention.worker(0, QUERIES)).isEmpty();
        F16Attention.Worker worker = attention.worker(HEAD, QUERIES).orElseThrow();
        MemorySegment heap = MemorySegment.ofArray(new short[(int) RUN]);
        MemorySegment small = pages[1].asSlice(2);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> worker.attend(i -> heap, 0, RUN, BLOCKS, TOKENS, 0, 1, x, y, 0, STRIDE))
                .withMessageEndingWith("expected off-heap f16 of 4096 bytes from byte 0 on, not closed");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> worker.attend(i -> small, 0, RUN, BLOCKS, TOKENS, 61, 1, x, y, 0, STRIDE))
                .withMessageEndingWith("expected off-heap f16 of 8192 bytes from byte 8192 on, not closed");
        Arena closed = Arena.ofConfined();
        MemorySegment gone = closed.allocate(2 * RUN);
        closed.close();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> worker.attend(i -> gone, 0, RUN, BLOCKS, TOKENS, 0, 1, x, y, 0, STRIDE));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        worker.attend(i -> pages[i], Long.MAX_VALUE - 1, RUN, BLOCKS, TOKENS, 0, 1, x, y, 0, STRIDE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> worker.attend(i -> pages[i], -2, RUN, BLOCKS, TOKENS, 0, 1, x, y, 0, STRIDE))
                .withMessageContaining("from byte -2 on");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> worker.attend(i -> pages[i], 0, RUN, BLOCKS, 0, -1, 1, x, y, 0, STRIDE))
                .withMessage("tokens: 0, expected 1 or more; position: -1, expected 0 or more; blocks of a page: 2,"
                        + " expected 1 or more");
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> worker.attend(i -> pages[i], 0, RUN, BLOCKS, TOKENS, 0, 1, x, y, HEAD, 2 * STRIDE));
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() ->
                        worker.attend(i -> pages[i], 0, RUN, BLOCKS, TOKENS, Integer.MAX_VALUE, 1, x, y, 0, STRIDE));
    }

    private static F16Attention attention() {
        assumeTrue(Avx2NativeProvider.isUsable(), "the native kernel cannot be used here");
        return F16Attention.find().orElseThrow();
    }
}
