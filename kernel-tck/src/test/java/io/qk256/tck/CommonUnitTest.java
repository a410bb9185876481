package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CommonUnitTest {

    private final CommonUnit unit = new CommonUnit();

    @Test
    void smallWholeNumbersAreExact() {
        unit.addTerm(-2, 7, 1, 1);
        unit.addTerm(1, 3, 0.5, 1);

        // The unit is 1/2.
        assertThat(unit.makesExact(15.5)).isTrue();
        assertThat(unit.makesExact(0x1p19)).isTrue();
        assertThat(unit.makesExact(0x1p19 + 0.5)).isFalse();
    }

    @Test
    void fractionsAreNot() {
        unit.addTerm(0.1f, 3, 1, 1);

        assertThat(unit.makesExact(0.3)).isFalse();
    }

    @Test
    void whatCouldUnderflowIsNot() {
        unit.addTerm(0x1p-31, 1, 1, 1);

        assertThat(unit.makesExact(0x1p-31)).isFalse();
    }

    @Test
    void whatIsNotFiniteIsNot() {
        unit.addTerm(1, Double.NaN, 1, 1);

        assertThat(unit.makesExact(1)).isFalse();
    }

    @Test
    void zerosSayNothing() {
        unit.addTerm(0, 0.1, 1, 1);
        assertThat(unit.makesExact(0)).isFalse();

        unit.addTerm(1, 1, 1, 1);
        assertThat(unit.makesExact(1)).isTrue();
    }
}
