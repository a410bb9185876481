package io.qk256.app.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * The change of a kernel's time at a task from an earlier run.
 *
 * @param row now
 * @param before then
 */
public record Change(BenchRow row, Timing before) {

    /** A smaller change counts as none, however certain it is. */
    public static final double THRESHOLD = 0.05;

    /** What a change means. */
    public enum Verdict {
        /** Faster, beyond noise. */
        BETTER("better"),
        /** Slower, beyond noise. */
        WORSE("worse"),
        /** Within noise, or less than the threshold. */
        NO_CHANGE("no change");

        private final String label;

        Verdict(String label) {
            this.label = label;
        }

        /** In words. */
        public String label() {
            return label;
        }
    }

    /** The changes of the rows that both runs have. */
    public static List<Change> between(BenchResults now, BenchResults before) {
        List<Change> changes = new ArrayList<>();
        for (BenchRow row : now.rows()) {
            before.row(row.task(), row.kernel()).ifPresent(then -> changes.add(new Change(row, then.timing())));
        }
        return changes;
    }

    /** The change of the time relative to the earlier one: 0.1 is 10 % slower. */
    public double relative() {
        return row.timing().nanoseconds() / before.nanoseconds() - 1;
    }

    /** Half the confidence interval of {@link #relative}: the errors of both times, propagated through the quotient. */
    public double error() {
        Timing now = row.timing();
        return now.nanoseconds()
                / before.nanoseconds()
                * Math.hypot(now.error() / now.nanoseconds(), before.error() / before.nanoseconds());
    }

    /**
     * A change counts if the two confidence intervals do not overlap, it exceeds {@link #THRESHOLD}, and all rounds agree on its
     * direction. If an interval is unknown, there is no change.
     */
    public Verdict verdict() {
        double difference = Math.abs(row.timing().nanoseconds() - before.nanoseconds());
        boolean apart = difference > row.timing().error() + before.error();
        if (!apart || Math.abs(relative()) <= THRESHOLD || !roundsAgree()) {
            return Verdict.NO_CHANGE;
        }
        return relative() > 0 ? Verdict.WORSE : Verdict.BETTER;
    }

    /** Compares each round with the one it took turns with, or with the mean if the earlier rounds are unknown. */
    private boolean roundsAgree() {
        List<Double> rounds = row.timing().rounds();
        for (int i = 0; i < rounds.size(); i++) {
            double then = i < before.rounds().size() ? before.rounds().get(i) : before.nanoseconds();
            if (rounds.get(i) > then != relative() > 0) {
                return false;
            }
        }
        return true;
    }
}
