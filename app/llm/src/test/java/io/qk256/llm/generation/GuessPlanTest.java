package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GuessPlanTest {

    private final GuessPlan plan = new GuessPlan();

    private void guessed(boolean right, int times) {
        for (int i = 0; i < times; i++) {
            plan.guessed(right);
        }
    }

    /** Passes of all sizes that take so long. */
    private void took(long... nanos) {
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < nanos.length; i++) {
                plan.took(1 + i, nanos[i]);
            }
        }
    }

    @Test
    void nothingIsGuessedBeforeGuessesWereRight() {
        plan.took(1, 1000);
        assertThat(plan.guesses(7)).isZero();
        guessed(false, 1000);
        assertThat(plan.guesses(7)).isZero();
        guessed(true, 3);
        assertThat(plan.guesses(7)).isZero();
        guessed(true, 3);
        assertThat(plan.guesses(7)).isPositive();
        assertThat(plan.guesses(1)).isEqualTo(1);
        assertThat(plan.guesses(0)).isZero();
        guessed(false, 3);
        assertThat(plan.guesses(7)).isZero();
    }

    @Test
    void nothingIsGuessedBeforeATimeIsKnown() {
        guessed(true, 100);
        assertThat(plan.guesses(7)).isZero();
        plan.took(2, 1000);
        assertThat(plan.guesses(7)).isZero();
    }

    @Test
    void asManyAsPayOff() {
        took(1000, 1300, 1600, 1900, 2200, 2500, 2800, 3100);
        guessed(true, 100);
        assertThat(plan.guesses(7)).isEqualTo(7);
        guessed(false, 3);
        assertThat(plan.guesses(7)).as("two of three are right").isBetween(1, 4);
    }

    @Test
    void whereATokenMoreTakesAsLongAsAPassNothingIsGuessed() {
        took(1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000);
        guessed(true, 100);
        assertThat(plan.guesses(7)).isZero();
    }

    @Test
    void aPassThatTookLongIsForgotten() {
        plan.took(1, 1000);
        guessed(true, 100);
        plan.took(8, 1_000_000);
        assertThat(plan.guesses(7)).as("the first of its kind may be cold").isPositive();
        took(1000, 9000, 9000, 9000, 9000, 9000, 9000, 9000);
        assertThat(plan.guesses(7)).isZero();
        for (int i = 0; i < 1000; i++) {
            plan.took(1, 1000);
        }
        assertThat(plan.guesses(7)).as("tried again").isPositive();
    }
}
