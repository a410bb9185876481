package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WarmUpTest {

    private final AtomicLong attended = new AtomicLong();

    @Test
    void aShortTextIsNotWorthIt() {
        for (int position = 0; position < 150; position++) {
            assertThat(WarmUp.isMuch(attended, 1, position)).isFalse();
        }
    }

    @Test
    void aLongTextIsWorthIt() {
        int position = 0;
        while (!WarmUp.isMuch(attended, 1, position)) {
            position++;
        }
        assertThat(position).isBetween(150, 180);
    }

    /** As a server computes: no text is long, but there are always some. */
    @Test
    void manyShortTextsAreWorthIt() {
        int passes = 0;
        boolean much = false;
        while (!much) {
            for (int text = 0; text < 8; text++) {
                much = WarmUp.isMuch(attended, 1, passes % 50);
            }
            passes++;
        }
        assertThat(passes).isBetween(45, 75);
    }
}
