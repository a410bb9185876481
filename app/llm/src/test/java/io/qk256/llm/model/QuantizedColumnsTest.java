package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.memory.Quantization;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares with bitnet.cpp's {@code quantize_row_i8_s}: ordinary, very large, very small and subnormal numbers, zeros,
 * ties.
 */
class QuantizedColumnsTest {

    private final Arena arena = Arena.ofAuto();

    @Test
    void codesAndScalesAreThoseOfThePeer() {
        float[] in = Recorded.floats("act_in.f32");
        byte[] codes = Recorded.bytes("act_A.i8");
        float[] scales = Recorded.floats("act_A.scale.f32");
        int from = 0;
        int[] lengths = Recorded.ints("act_len.i32");
        for (int i = 0; i < lengths.length; i++) {
            for (Reductions reductions : new Reductions[] {new PlainReductions(), Reductions.best()}) {
                QuantizedColumns columns = new QuantizedColumns(arena, 2, lengths[i], Activations.PER_TOKEN);
                columns.quantize(reductions, 0, in, 0);
                columns.quantize(reductions, 1, in, from);
                I8Vector column = columns.matrix(2).column(1);
                assertThat(column.segment().toArray(ValueLayout.JAVA_BYTE))
                        .as("vector %d", i)
                        .isEqualTo(Arrays.copyOfRange(codes, from, from + lengths[i]));
                assertThat(column.scale()).as("scale %d", i).isEqualTo(scales[i]);
            }
            from += lengths[i];
        }
        assertThat(from).isEqualTo(in.length);
    }

    /** Groups of very different magnitudes, one of zeros, one with a single value, and one of ties. */
    @Test
    void eachGroupHasStepsOfItsOwn() {
        int length = 256;
        SplittableRandom random = new SplittableRandom(8);
        float[] x = new float[length + 3];
        for (int i = 0; i < length; i++) {
            double size = Math.pow(10, i / 32 - 3);
            x[3 + i] = (float) (i / 32 == 2 ? 0 : i / 32 == 3 && i % 32 > 0 ? 0 : size * random.nextDouble(-1, 1));
        }
        for (Reductions reductions : new Reductions[] {new PlainReductions(), Reductions.best()}) {
            QuantizedColumns columns = new QuantizedColumns(arena, 2, length, Activations.IN_GROUPS);
            columns.quantize(reductions, 0, x, 0);
            columns.quantize(reductions, 1, x, 3);
            I8Vector column = columns.matrix(2).column(1);
            double unit = 1 / (double) column.scale();
            for (int i = 0; i < length; i++) {
                float max = PlainReductions.largestMagnitude(x, 3 + i / 32 * 32, 32);
                int multiplier = column.multiplier(i / 32);
                byte code = column.segment().get(ValueLayout.JAVA_BYTE, i);
                assertThat((int) code).isBetween(-127, 127);
                assertThat(multiplier * 127 * unit).as("enough steps").isGreaterThanOrEqualTo(max * (1 - 1e-6));
                assertThat((multiplier - 1) * 127 * unit)
                        .as("no more than needed")
                        .isLessThanOrEqualTo(max);
                assertThat(code * multiplier * unit)
                        .as("value %d", i)
                        .isCloseTo(x[3 + i], within(multiplier * unit * 0.5001));
            }
        }
    }

    /** One rule: an engine that quantizes by the public API gets the same products. */
    @ParameterizedTest
    @ValueSource(ints = {32, 64, 192, 4128})
    void groupsAreThoseOfThePublicRule(int length) {
        SplittableRandom random = new SplittableRandom(length);
        for (double size : new double[] {0, 0x1p-140, 1e-7, 1e-5, 1, 1e30}) {
            float[] x = new float[length + 40]; // what is behind the row belongs to another one
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) (size * random.nextGaussian() * Math.pow(2, i / 32 % 11 - 5));
            }
            I8Vector wanted = I8Vector.allocateInGroups(arena, length);
            Quantization.absMaxInGroups(F32Vector.of(x), length, wanted);
            for (Reductions reductions : new Reductions[] {new PlainReductions(), Reductions.best()}) {
                QuantizedColumns columns = new QuantizedColumns(arena, 1, length, Activations.IN_GROUPS);
                columns.quantize(reductions, 0, x, 0);
                I8Vector column = columns.matrix(1).column(0);
                assertThat(column.segment().toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(wanted.segment().toArray(ValueLayout.JAVA_BYTE));
                assertThat(column.multipliers().orElseThrow().toArray(ValueLayout.JAVA_SHORT))
                        .isEqualTo(wanted.multipliers().orElseThrow().toArray(ValueLayout.JAVA_SHORT));
                assertThat(column.scale()).isEqualTo(wanted.scale());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotFiniteIsRefused(Activations rounding) {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] x = new float[64];
            x[40] = bad;
            QuantizedColumns columns = new QuantizedColumns(arena, 1, 64, rounding);
            columns.quantize(Reductions.best(), 0, x, 0);
            assertThatThrownBy(() -> columns.matrix(1))
                    .isInstanceOf(NotFiniteException.class)
                    .hasMessageContaining(Float.isNaN(bad) ? "NaN" : "infinite");
        }
    }
}
