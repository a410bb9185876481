package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.I8Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

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
                QuantizedColumns columns = new QuantizedColumns(arena, 2, lengths[i]);
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

    @Test
    void whatIsNotFiniteIsRefused() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] x = new float[64];
            x[40] = bad;
            QuantizedColumns columns = new QuantizedColumns(arena, 1, 64);
            columns.quantize(Reductions.best(), 0, x, 0);
            assertThatThrownBy(() -> columns.matrix(1))
                    .isInstanceOf(NotFiniteException.class)
                    .hasMessageContaining(Float.isNaN(bad) ? "NaN" : "infinite");
        }
    }
}
