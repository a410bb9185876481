package io.qk256.tck.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Uses two rows of weights whose results are computed by hand. */
class CheckTest {

    private static Qk256Matrix matrix() {
        byte[] codes = new byte[2 * 64];
        codes[0] = (byte) 0b11_10_01_00; // -1 0 1 2
        codes[64] = 0b00_00_10_10; // 1 1 -1 -1
        return Qk256Matrix.of(MemorySegment.ofArray(codes), 2, 4, Codebook.TERNARY)
                .withTensorScale(0.1f);
    }

    @Test
    void dequantize() {
        Check check = Check.dequantize(matrix());
        assertThat(check.verdict(F32Vector.of(-0.1f, 0, 0.1f, 0.2f, 0.1f, 0.1f, -0.1f, -0.1f)))
                .isEqualTo("bit-exact");
        assertThat(check.verdict(F32Vector.of(-0.1f, 0, 0.1f, Math.nextUp(0.2f), 0.1f, 0.1f, -0.1f, -0.1f)))
                .isEqualTo("WRONG: element 3 is 0.20000002, expected 0.20000000298023224");
        assertThat(check.verdict(F32Vector.of(-0.1f, -0f, 0.1f, 0.2f, 0.1f, 0.1f, -0.1f, -0.1f)))
                .startsWith("WRONG: element 1 is -0.0");
    }

    @Test
    void f32ProductMayBeOffByTheBound() {
        Check check = Check.gemv(matrix(), F32Vector.of(1, 10, 100, 1000));
        float first = (float) (2099 * (double) 0.1f);
        float second = (float) (-1089 * (double) 0.1f);
        assertThat(check.verdict(F32Vector.of(first, second)))
                .isNotEqualTo("bit-exact")
                .endsWith(" of bound");
        float unit = Math.ulp(first);
        assertThat(check.verdict(F32Vector.of(first + 3 * unit, second))).endsWith(" of bound");
        assertThat(check.verdict(F32Vector.of(first + 6 * unit, second))).startsWith("WRONG: element 0 is 209.9");
        assertThat(check.verdict(F32Vector.of(first, Float.NaN))).startsWith("WRONG: element 1 is NaN");
    }

    /** Two groups of 64, of which only the first two columns are not 0. */
    @Test
    void groupsHaveScalesAndMultipliers() {
        byte[] codes = new byte[64];
        Arrays.fill(codes, (byte) 0b01_01_01_01);
        codes[0] = 0b01_01_10_10; // 1 1
        codes[16] = 0b01_01_01_00; // -1
        short[] scales = {Float.floatToFloat16(0.5f), Float.floatToFloat16(3)};
        Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(codes), 1, 128, Codebook.TERNARY)
                .withTensorScale(0.1f)
                .withGroupScales(MemorySegment.ofArray(scales), 64, ScaleType.F16);
        byte[] q = new byte[128];
        q[0] = 5;
        q[1] = -7;
        q[64] = 11;
        I8Batch x = I8Batch.inGroups(MemorySegment.ofArray(q), MemorySegment.ofArray(new short[] {9, 1, 2, 1}), 1, 128);
        x.column(0).scale(7);
        float product = (float) (-18 * 0.5 - 22 * 3.0) / 7 * 0.1f;
        assertThat(Check.gemm(w, x).verdict(F32Vector.of(product))).isEqualTo("bit-exact");
        assertThat(Check.gemm(w, x).verdict(F32Vector.of(Math.nextUp(product)))).startsWith("WRONG: element 0");

        float[] factors = new float[128];
        factors[0] = 10;
        factors[64] = 100;
        Check check = Check.gemv(w, F32Vector.of(factors));
        assertThat(check.verdict(F32Vector.of((float) (10 * 0.05 - 100 * 0.3)))).endsWith("of bound");
        assertThat(check.verdict(F32Vector.of((float) (10 * 0.05 + 100 * 0.3)))).startsWith("WRONG");
        float[] values = new float[128];
        values[0] = values[1] = 0.5f * 0.1f;
        values[64] = -(3 * 0.1f);
        assertThat(Check.dequantize(w).verdict(F32Vector.of(values))).isEqualTo("bit-exact");
    }

    @Test
    void int8ProductIsExact() {
        I8Batch x = I8Batch.of(new byte[] {1, 10, 100, -128, 0, 0, 0, 7}, 2, 4);
        x.column(0).scale(3);
        x.column(1).scale(7);
        Check check = Check.gemm(matrix(), x);
        float first = (float) (-1 + 100 - 256) / 3 * 0.1f;
        float second = (float) (1 + 10 - 100 + 128) / 3 * 0.1f;
        float third = 2 * 0.1f;
        float fourth = -1 * 0.1f;
        assertThat(check.verdict(F32Vector.of(first, second, third, fourth))).isEqualTo("bit-exact");
        assertThat(check.verdict(F32Vector.of(first, second, Math.nextDown(third), fourth)))
                .startsWith("WRONG: element 2");
    }

    /** Of the second group only one column, and only the first row; all that is not set is 0. */
    @Test
    void weightsOf8BitsAreMultipliedWithInt16() {
        byte[] codes = new byte[2 * Q8Matrix.BLOCK_BYTES];
        codes[0] = 3;
        codes[1] = -128;
        codes[Q8Matrix.BLOCK_BYTES] = 5;
        short[] scales = new short[2 * Q8Matrix.TILE_ROWS];
        scales[0] = Float.floatToFloat16(0.5f);
        scales[Q8Matrix.TILE_ROWS] = Float.floatToFloat16(2);
        Q8Matrix w = Q8Matrix.of(MemorySegment.ofArray(codes), MemorySegment.ofArray(scales), 1, 33);
        short[] q = new short[33];
        q[0] = 1000;
        q[1] = -32768;
        q[32] = 32767;
        I16Batch x = I16Batch.of(q, 1, 33);
        x.scale(0, 7);
        float product = (float) (0.5 * (3000 + 128 * 32768) + 2 * 5 * 32767) / 7;
        Check check = Check.gemm(w, x);
        assertThat(check.verdict(F32Vector.of(product))).isEqualTo("bit-exact");
        assertThat(check.verdict(F32Vector.of(Math.nextDown(product)))).startsWith("WRONG: element 0");
    }
}
