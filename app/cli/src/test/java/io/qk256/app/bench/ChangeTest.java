package io.qk256.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.qk256.app.bench.Change.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChangeTest {

    private static Change change(double before, double beforeError, double now, double nowError) {
        return change(new Timing(before, beforeError, List.of()), new Timing(now, nowError, List.of()));
    }

    private static Change change(Timing before, Timing now) {
        return new Change(new BenchRow(Recorded.GEMV, "k", now, 1, 1, "bit-exact"), before);
    }

    @ParameterizedTest
    @CsvSource({
        "100, 1, 110, 1, WORSE",
        "100, 1, 90, 1, BETTER",
        "100, 0, 104.9, 0, NO_CHANGE",
        "100, 0, 105.1, 0, WORSE",
        "100, 0, 94.9, 0, BETTER",
        "100, 6, 110, 5, NO_CHANGE", // the intervals overlap
        "100, 5, 110, 5, NO_CHANGE", // they touch
        "100, 4, 110, 5, WORSE",
        "100, 0.01, 104, 0.01, NO_CHANGE", // certain, but too small
        "100, NaN, 200, 1, NO_CHANGE",
        "100, 1, 200, NaN, NO_CHANGE",
    })
    void countsBeyondNoiseAndThreshold(
            double before, double beforeError, double now, double nowError, Verdict expected) {
        assertThat(change(before, beforeError, now, nowError).verdict()).isEqualTo(expected);
    }

    @Test
    void roundsThatDisagreeAreNoChange() {
        Timing before = new Timing(100, 1, List.of(80.0, 120.0));
        assertThat(change(before, new Timing(110, 1, List.of(90.0, 130.0))).verdict())
                .isEqualTo(Verdict.WORSE);
        assertThat(change(before, new Timing(110, 1, List.of(101.0, 119.0))).verdict())
                .isEqualTo(Verdict.NO_CHANGE);
        assertThat(change(before, new Timing(90, 1, List.of(81.0, 99.0))).verdict())
                .isEqualTo(Verdict.NO_CHANGE);
    }

    @Test
    void whereEarlierRoundsAreNotKnownTheirMeanStandsForThem() {
        Timing before = new Timing(100, 1, List.of());
        assertThat(change(before, new Timing(110, 1, List.of(101.0, 119.0))).verdict())
                .isEqualTo(Verdict.WORSE);
        assertThat(change(before, new Timing(110, 1, List.of(99.0, 121.0))).verdict())
                .isEqualTo(Verdict.NO_CHANGE);
    }

    @Test
    void theOtherJvmHasRowsOfItsOwn() {
        List<Change> changes = Change.between(Recorded.results(), Recorded.others());
        assertThat(changes).hasSize(1);
        assertThat(changes.getFirst().row()).isEqualTo(Recorded.row(Recorded.DEQUANTIZE, "quick"));
        assertThat(changes.getFirst().before()).isEqualTo(new Timing(50, 2, List.of(49.0, 51.0)));
        assertThat(changes.getFirst().verdict()).isEqualTo(Verdict.BETTER);
        assertThat(Recorded.others().rows().getFirst().checked()).startsWith("WRONG: element 1");
        assertThat(Recorded.others().floors()).isEqualTo(Recorded.results().floors());
    }

    @Test
    void changeIsAPartOfTheEarlierTimeWithTheErrorsOfBoth() {
        Change change = change(100, 3, 200, 8);
        assertThat(change.relative()).isEqualTo(1);
        assertThat(change.error()).isCloseTo(2 * 0.05, within(1e-12)); // errors of 3 % and 4 %, quotient 2
    }

    @Test
    void onlyRowsOfBothRunsAreCompared() {
        BenchResults now = Recorded.results();
        BenchResults before = new BenchResults(
                now.machine(), now.jvm(), now.floors(), now.rows().subList(1, 3));
        List<Change> changes = Change.between(now, before);
        assertThat(changes).extracting(Change::row).containsExactlyElementsOf(before.rows());
        assertThat(changes).extracting(Change::verdict).containsOnly(Verdict.NO_CHANGE);
    }
}
