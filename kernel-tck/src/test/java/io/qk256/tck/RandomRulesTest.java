package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.F32Vector;
import io.qk256.spi.Qk256Matrix;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RandomRulesTest {

    private static final String NUMBER = "qk256.tck.random";
    private static final String SEED = "qk256.tck.seed";
    private static final String FIRST = "qk256.tck.firstSeed";
    private static final PlainProvider RIGHT = new PlainProvider("plain", new PlainKernel());

    /** Wrong for only some of the cases. */
    private static final PlainProvider WRONG = new PlainProvider("wrong", new PlainKernel() {
        @Override
        float rowProduct(Qk256Matrix w, F32Vector x, int row) {
            return w.cols() % 256 == 255 ? 0 : super.rowProduct(w, x, row);
        }
    });

    @AfterEach
    void clear() {
        System.clearProperty(NUMBER);
        System.clearProperty(SEED);
        System.clearProperty(FIRST);
    }

    private static String failure(PlainProvider provider) {
        return Verdict.of(provider, Rules.RANDOM).failed().getOrDefault(Rules.RANDOM, "");
    }

    @Test
    void namesTheSeedThatReproducesTheCase() {
        String message = failure(WRONG);
        Matcher seed = Pattern.compile("-D" + SEED + "=(\\d+) ").matcher(message);
        assertThat(seed.find()).as(message).isTrue();

        System.setProperty(SEED, seed.group(1));

        assertThat(failure(WRONG)).isEqualTo(message);
        assertThat(failure(RIGHT)).isEmpty();
    }

    @Test
    void runsNoOtherCaseThanTheSeed() {
        long passing = 0;
        while (isWrong(passing)) {
            passing++;
        }

        System.setProperty(SEED, Long.toString(passing));

        assertThat(failure(WRONG)).isEmpty();
    }

    private static boolean isWrong(long seed) {
        RandomCase random = RandomCase.of(seed);
        return random.problem().cols() % 256 == 255 && random.toRow() > random.fromRow();
    }

    @Test
    void runsAsManyCasesAsAsked() {
        long passing = 0;
        while (isWrong(passing)) {
            passing++;
        }
        long failing = passing;
        while (!isWrong(failing)) {
            failing++;
        }
        System.setProperty(FIRST, Long.toString(passing));

        System.setProperty(NUMBER, Long.toString(failing - passing));
        assertThat(failure(WRONG)).isEmpty();

        System.setProperty(NUMBER, Long.toString(failing - passing + 1));
        assertThat(failure(WRONG)).contains("-D" + SEED + "=" + failing + " ");
    }

    /** With -Dqk256.tests=all, ten times as many. */
    @Test
    void manyCasesAreRight() {
        System.setProperty(NUMBER, System.getProperty("qk256.tests", "").equals("all") ? "10000" : "1000");

        assertThat(failure(RIGHT)).isEmpty();
    }

    @Test
    void refusesWhatIsNotANumberOfCases() {
        System.setProperty(NUMBER, "many");
        assertThat(failure(RIGHT)).isEqualTo(NUMBER + ": 'many', expected an integer");

        System.setProperty(NUMBER, "0");
        assertThat(failure(RIGHT)).isEqualTo(NUMBER + ": 0, expected 1 or more");
    }
}
