package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Rotated heads as ggml computes them, at positions up to 65535. */
class RopeTest {

    private static final int[] POSITIONS = {0, 1, 2, 11, 255, 4095, 8191, 16383, 16384, 65535};

    /** How far ggml, which computes angles by repeated multiplication in f32, is from exact angles at each position. */
    private static final double[] GGML = {1e-7, 1.3e-7, 9.7e-8, 5.4e-7, 1.8e-5, 9.5e-5, 2.7e-4, 8.1e-4, 6.3e-4, 3.2e-3};

    @Test
    void halves() {
        check("rope_neox100_base1e4", 100, Rope.Pairs.HALVES, 1e4f, RopeScaling.NONE, null);
        check("rope_neox128_base1e6", 128, Rope.Pairs.HALVES, 1e6f, RopeScaling.NONE, null);
    }

    @Test
    void neighbors() {
        check("rope_norm128_base5e5", 128, Rope.Pairs.NEIGHBORS, 5e5f, RopeScaling.NONE, null);
    }

    @Test
    void divisors() {
        float[] divisors = floats("rope_llama3freqs");
        check("rope_norm64_base5e5_llama3freqs", 64, Rope.Pairs.NEIGHBORS, 5e5f, RopeScaling.NONE, divisors);
    }

    @Test
    void yarn() {
        RopeScaling from16384 = RopeScaling.yarn(4, 16384);
        check("rope_neox128_yarn4_orig16384", 128, Rope.Pairs.HALVES, 1e6f, from16384, null);
        RopeScaling from8192 = RopeScaling.yarn(4, 8192);
        check("rope_neox128_yarn4_orig8192", 128, Rope.Pairs.HALVES, 1e6f, from8192, null);
    }

    /** Blended are the pairs between those with 32 turns and with one turn in the original context. */
    @Test
    void yarnBlendsBetweenFastAndSlowPairs() {
        float[] parts = RopeScaling.yarn(4, 16384).unscaled(128, 1e6f);
        for (int i = 0; i < parts.length; i++) {
            assertThat(parts[i]).as("pair %d", i).isEqualTo(1 - Math.clamp((i - 20) / 17f, 0f, 1f));
        }
        assertThat(RopeScaling.linear(4).unscaled(128, 1e6f)).containsOnly(0);
    }

    /** Position 4000 with factor 4 is position 1000. */
    @Test
    void linearScalingDividesAngles() {
        Rope scaled = new Rope(1, Rope.Pairs.HALVES, 64, 1e4f, RopeScaling.linear(4), null);
        Rope plain = new Rope(1, Rope.Pairs.HALVES, 64, 1e4f, RopeScaling.NONE, null);
        float[] x = Arrays.copyOf(floats("rope_in"), 64);
        float[] y = x.clone();
        scaled.prepare(0, 4000);
        plain.prepare(0, 1000);
        scaled.rotate(0, x, 0, 1, 64);
        plain.rotate(0, y, 0, 1, 64);
        assertThat(x).as("division by 4 is exact").isEqualTo(y);
    }

    private static void check(
            String name, int size, Rope.Pairs pairs, float base, RopeScaling scaling, float @Nullable [] divisors) {
        float[] in = floats("rope_in");
        float[] expected = floats(name);
        Rope rope = new Rope(1, pairs, size, base, scaling, divisors);
        for (int row = 0; row < POSITIONS.length; row++) {
            float[] x = Arrays.copyOfRange(in, row * 128, row * 128 + size);
            rope.prepare(0, POSITIONS[row]);
            rope.rotate(0, x, 0, 1, size);
            for (int i = 0; i < size; i++) {
                assertThat((double) Math.abs(x[i] - expected[row * size + i]))
                        .as("%s, position %d, value %d", name, POSITIONS[row], i)
                        .isLessThan(2 * GGML[row] + 1e-6);
            }
        }
    }

    private static float[] floats(String name) {
        return Recorded.floats("/fixtures/families/rope/" + name + ".f32");
    }
}
