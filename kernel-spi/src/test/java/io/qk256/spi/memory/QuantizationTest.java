package io.qk256.spi.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizationTest {

    /** The row of the recorded activations that has outliers. */
    private static final int OUTLIERS = 4;

    private static byte[] fixture(String name) throws IOException {
        try (InputStream in = QuantizationTest.class.getResourceAsStream("/fixtures/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        }
    }

    private static float[] floats(String name) throws IOException {
        return MemorySegment.ofArray(fixture(name)).toArray(JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }

    /** Codes and scales recorded from bitnet.cpp's own function: ties, zeros, subnormals, huge values. */
    @Test
    void absMaxGivesWhatBitnetCppGave() throws IOException {
        float[] x = floats("act_in.f32");
        byte[] expected = fixture("act_A.i8");
        float[] scales = floats("act_A.scale.f32");
        int[] lengths = MemorySegment.ofArray(fixture("act_len.i32"))
                .toArray(JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
        assertThat(lengths).hasSize(11).hasSameSizeAs(scales);
        int at = 0;
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < lengths.length; i++) {
                int n = lengths[i];
                byte[] wanted = Arrays.copyOfRange(expected, at, at + n);
                I8Vector onHeap = I8Vector.of(new byte[n], 1);
                Quantization.absMax(F32Vector.of(x).slice(at, at + n), n, onHeap);
                assertThat(onHeap.segment().toArray(JAVA_BYTE))
                        .as("vector " + i)
                        .isEqualTo(wanted);
                assertThat(onHeap.scale()).isEqualTo(scales[i]);

                F32Vector memory = F32Vector.allocate(arena, n);
                MemorySegment.copy(x, at, memory.segment(), java.lang.foreign.ValueLayout.JAVA_FLOAT, 0, n);
                I8Vector offHeap = I8Vector.allocate(arena, n);
                Quantization.absMax(memory, n, offHeap);
                assertThat(offHeap.segment().toArray(JAVA_BYTE))
                        .as("vector " + i)
                        .isEqualTo(wanted);
                assertThat(offHeap.scale()).isEqualTo(scales[i]);
                at += n;
            }
        }
        assertThat(at).isEqualTo(x.length);
    }

    @Test
    void aBatchIsItsColumns() {
        Random random = new Random(1);
        float[] x = new float[3 * 5000 + 4];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        I8Batch batch = I8Batch.of(new byte[3 * 5001], 3, 5001); // columns longer than needed
        batch.segment().fill((byte) 99);
        Quantization.absMax(F32Vector.of(x), 5000, batch);
        for (int i = 0; i < 3; i++) {
            I8Vector alone = I8Vector.of(new byte[5000], 1);
            Quantization.absMax(F32Vector.of(x).slice(i * 5000L, (i + 1) * 5000L), 5000, alone);
            MemorySegment column = batch.column(i).segment();
            assertThat(column.asSlice(0, 5000).toArray(JAVA_BYTE))
                    .isEqualTo(alone.segment().toArray(JAVA_BYTE));
            assertThat(column.get(JAVA_BYTE, 5000)).isEqualTo((byte) 99);
            assertThat(batch.column(i).scale()).isEqualTo(alone.scale());
        }
    }

    @Test
    void whatIsBeyondIsNeitherReadNorWritten() {
        I8Vector q = I8Vector.of(new byte[] {9, 9, 9, 9}, 1);
        Quantization.absMax(F32Vector.of(1, -2, Float.NaN), 2, q);
        assertThat(q.segment().toArray(JAVA_BYTE)).containsExactly(64, -127, 9, 9);
        assertThat(q.scale()).isEqualTo(63.5f);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void whatIsNotFiniteIsRefused(float bad) {
        for (int place : new int[] {0, 4999}) {
            float[] x = new float[5000];
            x[place] = bad;
            I8Vector q = I8Vector.of(new byte[5000], 7);
            q.segment().fill((byte) 5);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Quantization.absMax(F32Vector.of(x), 5000, q))
                    .withMessage("x: " + bad + " at " + place
                            + ", expected finite values; an earlier result was not finite");
            assertThat(q.segment().toArray(JAVA_BYTE)).containsOnly(5);
            assertThat(q.scale()).isEqualTo(7);
        }
    }

    @Test
    void lengthsAreChecked() {
        I8Vector q = I8Vector.of(new byte[3], 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantization.absMax(F32Vector.of(1, 2), 3, q))
                .withMessage("x: length 2, expected 3 or more (cols)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantization.absMax(F32Vector.of(1, 2, 3, 4), 4, q))
                .withMessage("q: length 3, expected 4 or more (cols)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantization.absMax(F32Vector.of(1, 2), 0, q))
                .withMessage("cols: 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantization.absMax(F32Vector.of(1, 2, 3), 2, I8Batch.of(new byte[4], 2, 2)))
                .withMessage("x: length 3, expected 4 or more (columns x cols)");
    }

    /**
     * Rows of activations with outliers, ties, heavy tails and others, as ggml's Q8_0 rounds them, with a scale for
     * each 32: the error here is no larger.
     */
    @Test
    void groupsAreRoundedNoWorseThanByQ8() throws IOException {
        float[] x = floats("act_rows.f32");
        byte[] blocks = fixture("act_rows.q8_0.blocks");
        int cols = 512;
        I8Vector q = I8Vector.inGroups(
                MemorySegment.ofArray(new byte[cols]), MemorySegment.ofArray(new short[cols / 32]), 1);
        for (int row = 0; row < 8; row++) {
            Quantization.absMaxInGroups(F32Vector.of(x).slice((long) row * cols, (row + 1L) * cols), cols, q);
            double ours = 0;
            double theirs = 0;
            for (int c = 0; c < cols; c++) {
                double exact = x[row * cols + c];
                double here = (double) q.segment().get(JAVA_BYTE, c) * q.multiplier(c / 32) / q.scale();
                int at = (row * cols + c) / 32 * 34;
                int bits = (blocks[at] & 0xFF) | blocks[at + 1] << 8;
                double there = (double) blocks[at + 2 + c % 32] * Float.float16ToFloat((short) bits);
                ours += (here - exact) * (here - exact);
                theirs += (there - exact) * (there - exact);
            }
            double luck = row == OUTLIERS ? 1 : 1.005; // Other roundings of the same size.
            assertThat(ours).as("row " + row).isLessThanOrEqualTo(theirs * luck);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 32, 33, 300, 4096, 4097, 9000})
    void groupsHaveTheSmallestMultiplierThatHoldsThem(int cols) {
        Random random = new Random(cols);
        float[] x = new float[cols];
        double max = 0;
        for (int c = 0; c < cols; c++) {
            x[c] = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(12)));
            max = Math.max(max, Math.abs(x[c]));
        }
        try (Arena arena = Arena.ofConfined()) {
            I8Vector q = I8Vector.allocateInGroups(arena, cols + 70);
            q.segment().fill((byte) 99);
            Quantization.absMaxInGroups(F32Vector.of(x), cols, q);

            assertThat(q.scale()).isEqualTo((float) (127.0 * 32767 / max));
            for (int group = 0; group < Math.ceilDiv(cols, 32); group++) {
                double largest = 0;
                for (int c = 32 * group; c < Math.min(cols, 32 * group + 32); c++) {
                    largest = Math.max(largest, Math.abs(x[c]));
                    double step = q.multiplier(group) / (double) q.scale();
                    assertThat(q.segment().get(JAVA_BYTE, c) * step).isCloseTo(x[c], within(0.5001 * step));
                }
                assertThat((double) q.multiplier(group))
                        .isEqualTo(Math.clamp(Math.ceil(largest * (32767 / max)), 1, 32767));
            }
            assertThat(q.segment().get(JAVA_BYTE, cols)).as("beyond").isEqualTo((byte) 99);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {0, Float.MIN_VALUE, 1e-30f, 1, Float.MAX_VALUE})
    void anyFiniteValueHasGroups(float value) {
        float[] x = new float[64];
        x[3] = -value;
        x[40] = value / 1000;
        I8Vector q = I8Vector.inGroups(MemorySegment.ofArray(new byte[64]), MemorySegment.ofArray(new short[2]), 1);

        Quantization.absMaxInGroups(F32Vector.of(x), 64, q);

        double step = q.multiplier(0) / (double) q.scale();
        assertThat(q.segment().get(JAVA_BYTE, 3) * step).isCloseTo(-value, within(0.5001 * step));
        assertThat(q.multiplier(1)).isBetween(1, 33);
    }

    @Test
    void groupsNeedMultipliersAndFiniteValues() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantization.absMaxInGroups(F32Vector.of(1, 2), 2, I8Vector.of(new byte[2], 1)))
                .withMessageStartingWith("q: it has no multipliers, expected one for each 32 values");
        I8Batch batch = I8Batch.inGroups(MemorySegment.ofArray(new byte[4]), MemorySegment.ofArray(new short[2]), 2, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantization.absMaxInGroups(F32Vector.of(1, 2, 3, Float.NaN), 2, batch))
                .withMessageStartingWith("x: NaN at 3, expected finite values");
    }
}
