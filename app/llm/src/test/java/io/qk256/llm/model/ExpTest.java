package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExpTest {

    @Test
    void isOneOfTheTwoNearestNumbers() {
        int different = 0;
        int tried = 0;
        for (float x = -104; x < 88.7f; x += 0.000_37f) {
            float exact = (float) StrictMath.exp(x);
            float seen = Exp.of(x);
            assertThat(Math.abs(seen - exact)).as("e^%s", x).isLessThanOrEqualTo(Math.ulp(exact));
            different += seen == exact ? 0 : 1;
            tried++;
        }
        assertThat(different).isLessThan(tried / 1000);
    }

    @Test
    void ends() {
        assertThat(Exp.of(0)).isEqualTo(1);
        assertThat(Exp.of(-0f)).isEqualTo(1);
        assertThat(Exp.of(-105)).isZero();
        assertThat(Exp.of(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(Exp.of(89)).isInfinite();
        assertThat(Exp.of(Float.POSITIVE_INFINITY)).isInfinite();
        assertThat(Exp.of(Float.NaN)).isNaN();
    }
}
