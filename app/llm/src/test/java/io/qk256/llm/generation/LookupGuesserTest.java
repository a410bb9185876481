package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LookupGuesserTest {

    private final LookupGuesser guesser = new LookupGuesser();

    private int[] guess(int most, int... text) {
        guesser.start(text);
        return guess(most);
    }

    private int[] guess(int most) {
        int[] out = new int[most + 2];
        int count = guesser.guess(out, 1, most);
        assertThat(out[0]).isZero();
        assertThat(out[most + 1]).isZero();
        return Arrays.copyOfRange(out, 1, 1 + count);
    }

    @Test
    void aTextGoesOnAsBefore() {
        assertThat(guess(3, 1, 2, 3, 4, 5, 6, 9, 2, 3)).containsExactly(4, 5, 6);
        guesser.accept(4);
        guesser.accept(5);
        assertThat(guess(2)).containsExactly(6, 9);
    }

    @Test
    void twoTokensMustBeTheSame() {
        assertThat(guess(3, 1, 2, 3, 9, 3)).isEmpty();
        assertThat(guess(3, 7)).isEmpty();
        assertThat(guess(3)).isEmpty();
        assertThat(guess(0, 1, 2, 3, 1, 2)).isEmpty();
    }

    @Test
    void thePlaceWithMostTokensTheSameCounts_thenTheLast() {
        assertThat(guess(1, 1, 2, 3, 10, 9, 2, 3, 20, 1, 2, 3)).containsExactly(10);
        assertThat(guess(1, 1, 2, 3, 10, 1, 2, 3, 20, 1, 2, 3)).containsExactly(20);
    }

    /** The guesses themselves are the text from its end on. */
    @Test
    void aRepetitionGoesOnForever() {
        assertThat(guess(7, 1, 2, 3, 1, 2, 3)).containsExactly(1, 2, 3, 1, 2, 3, 1);
        assertThat(guess(4, 5, 5, 5)).containsExactly(5, 5, 5, 5);
    }

    @Test
    void isThePlainSearch() {
        SplittableRandom random = new SplittableRandom(3);
        guesser.start(new int[0]);
        int[] text = new int[1000];
        for (int length = 1; length <= text.length; length++) {
            text[length - 1] = random.nextInt(1 + length / 100);
            guesser.accept(text[length - 1]);
            int best = 0;
            int bestSame = 1;
            for (int end = 1; end < length; end++) {
                int same = 0;
                while (same < 8 && same < end && text[end - 1 - same] == text[length - 1 - same]) {
                    same++;
                }
                if (same >= bestSame && same >= 2) {
                    best = end;
                    bestSame = same;
                }
            }
            int[] expected = best == 0 ? new int[0] : new int[] {text[best]};
            assertThat(guess(1)).isEqualTo(expected);
        }
    }
}
