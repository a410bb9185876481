package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.qk256.spi.Codebook;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OracleTest {

    private static final int[] X = {2, -3, 5, 7};

    /** 2 * -2 - 3 * -1 + 5 * 1 + 7 * 2, computed by hand. */
    private static final Problem BY_HAND = Problem.random(1, 4, 0)
            .withCodes("0 to 3", (row, col) -> col)
            .withX("2 -3 5 7", col -> X[col])
            .withQ("2 -3 5 7", col -> X[col]);

    @Test
    void knowsWhatCodesAreWorth() {
        assertThat(Oracle.weight(BY_HAND, 0, 0)).isEqualTo(Expected.exactly(-2));
        assertThat(Oracle.weight(BY_HAND, 0, 1)).isEqualTo(Expected.exactly(-1));
        assertThat(Oracle.weight(BY_HAND, 0, 2)).isEqualTo(Expected.exactly(1));
        assertThat(Oracle.weight(BY_HAND, 0, 3)).isEqualTo(Expected.exactly(2));
    }

    @Test
    void knowsProducts() {
        assertThat(Oracle.product(BY_HAND, 0)).isEqualTo(Expected.number(18));
        assertThat(Oracle.integerProduct(BY_HAND, 0)).isEqualTo(Expected.exactly(18));
    }

    @Test
    void appliesScales() {
        Problem scaled = BY_HAND.withBlockScales(3).withTensorScale(0.5f).withActivationScale(4);

        assertThat(Oracle.weight(scaled, 0, 0)).isEqualTo(Expected.exactly(-3));
        assertThat(Oracle.product(scaled, 0)).isEqualTo(Expected.number(27));
        assertThat(Oracle.integerProduct(scaled, 0)).isEqualTo(Expected.exactly(18 * 3 / 4f * 0.5f));
    }

    /** The sum of magnitudes is 2.6; one rounding per column, and one per kind of scale. */
    @Test
    void boundsTheErrorByHigham() {
        Problem fractions = BY_HAND.withX("a tenth", col -> X[col] / 10f);

        assertThat(Oracle.product(fractions, 0).tolerance()).isCloseTo(2.6 * 4 * 0x1p-24, withinPercentage(1e-4));
        assertThat(Oracle.product(fractions.withBlockScales(1), 0).tolerance())
                .isCloseTo(2.6 * 5 * 0x1p-24, withinPercentage(1e-4));
        assertThat(Oracle.product(fractions.withBlockScales(1).withTensorScale(2), 0)
                        .tolerance())
                .isCloseTo(5.2 * 6 * 0x1p-24, withinPercentage(1e-4));
    }

    /** For x of 2^-149, each of four products may be off by half of that. */
    @Test
    void boundsWhatUnderflowLoses() {
        double tolerance =
                Oracle.product(BY_HAND.withX("tiny", col -> Float.MIN_VALUE), 0).tolerance();

        assertThat(tolerance).isBetween(4 * 0x1p-150, 100 * 0x1p-150);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 255, 300, 4096})
    void isNearerToTheExactSumThanTheBoundCouldTell(int cols) {
        Problem problem = Problem.random(1, cols, cols)
                .with(new Codebook(-0.7f, 0.1f, 3.3f, 1e-3f))
                .withRandomBlockScales()
                .withTensorScale(0.3f);
        BigDecimal exact = BigDecimal.ZERO;
        for (int col = 0; col < cols; col++) {
            exact = exact.add(new BigDecimal(problem.value(0, col))
                    .multiply(new BigDecimal(problem.x()[col]))
                    .multiply(new BigDecimal(problem.groupScale(0, col / 256))));
        }
        exact = exact.multiply(new BigDecimal(problem.tensorScale()));

        Expected expected = Oracle.product(problem, 0);

        double distance = exact.subtract(new BigDecimal(expected.value())).abs().doubleValue();
        assertThat(distance).isLessThan(expected.tolerance() * 1e-8);
    }

    @Test
    void acceptsTheSameBitsOnlyWhereExactnessIsPromised() {
        assertThat(Expected.exactly(1).accepts(1)).isTrue();
        assertThat(Expected.exactly(1).accepts(Math.nextUp(1f))).isFalse();
        assertThat(Expected.exactly(0).accepts(-0f)).isFalse();
        assertThat(Expected.exactly(Float.NaN).accepts(Float.intBitsToFloat(0xFFFFFFFF)))
                .isTrue();
        assertThat(Expected.exactly(Float.NaN).accepts(1)).isFalse();
        assertThat(Expected.number(0).accepts(-0f)).isTrue();
        assertThat(Expected.number(0).accepts(Float.MIN_VALUE)).isFalse();
    }

    @Test
    void acceptsWhatLiesWithinTheBound() {
        Expected expected = Expected.within(100, 0.5);

        assertThat(expected.accepts(100.5f)).isTrue();
        assertThat(expected.accepts(99.4f)).isFalse();
        assertThat(expected.accepts(Float.NaN)).isFalse();
        assertThat(expected.accepts(Float.POSITIVE_INFINITY)).isFalse();
        assertThat(expected.core().accepts(100.02f)).isFalse();
        assertThat(expected.core().accepts(100.009f)).isTrue();
        assertThat(Expected.within(0.1, 0.5).core().accepts(0.10009f)).isTrue();
        assertThat(Expected.within(0.1, 0.5).core().accepts(0.1002f)).isFalse();
        assertThat(Expected.within(Double.POSITIVE_INFINITY, Double.NaN).accepts(Float.POSITIVE_INFINITY))
                .isTrue();
        assertThat(Expected.within(Double.POSITIVE_INFINITY, Double.NaN).accepts(Float.MAX_VALUE))
                .isFalse();
    }
}
