package com.example.spark;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/**
 * Sums over rows. That of the nats is exact, so it does not depend on the order of the rows. For one thread at a time.
 */
final class Totals implements Serializable {

    private static final long serialVersionUID = 1;

    private long rows;
    private long errors;
    private long tokens;
    private long predicted;
    private BigDecimal nats = BigDecimal.ZERO;

    /** When the first row was begun and the last one was done, in milliseconds since the epoch. */
    private long first = Long.MAX_VALUE;

    private long last = Long.MIN_VALUE;

    /** Rows begin now; the time before, such as that of loading the model, does not count for rates. */
    void begin() {
        first = Math.min(first, System.currentTimeMillis());
    }

    void add(Result result) {
        rows++;
        errors += result.error() == null ? 0 : 1;
        tokens += result.tokens();
        if (result.nats() != null) {
            predicted += result.tokens();
            nats = nats.add(new BigDecimal(result.nats()).multiply(BigDecimal.valueOf(result.tokens())));
        }
        last = Math.max(last, System.currentTimeMillis());
    }

    void add(Totals other) {
        rows += other.rows;
        errors += other.errors;
        tokens += other.tokens;
        predicted += other.predicted;
        nats = nats.add(other.nats);
        first = Math.min(first, other.first);
        last = Math.max(last, other.last);
    }

    Totals copy() {
        Totals copy = new Totals();
        copy.add(this);
        return copy;
    }

    boolean isEmpty() {
        return rows == 0 && first == Long.MAX_VALUE;
    }

    long rows() {
        return rows;
    }

    double rowsPerSecond() {
        return perSecond(rows);
    }

    private double perSecond(long count) {
        return count == 0 ? 0 : count * 1000.0 / Math.max(1, last - first);
    }

    private double natsPerToken() {
        return predicted == 0
                ? 0
                : nats.divide(BigDecimal.valueOf(predicted), MathContext.DECIMAL64).doubleValue();
    }

    /** For people; Spark's UI shows it as the value of an accumulator. */
    @Override
    public String toString() {
        String perplexity =
                predicted == 0 ? "" : String.format(Locale.ROOT, ", perplexity %.4f", StrictMath.exp(natsPerToken()));
        return String.format(
                Locale.ROOT,
                "%d rows (%d with errors), %d tokens, %.2f rows/s, %.1f tokens/s%s",
                rows,
                errors,
                tokens,
                rowsPerSecond(),
                perSecond(tokens),
                perplexity);
    }

    /** For programs. */
    String toJson() {
        return String.format(
                Locale.ROOT,
                "{\"rows\":%d,\"errors\":%d,\"tokens\":%d,\"natsPerToken\":%s,\"perplexity\":%s,\"rowsPerSecond\":%.3f}",
                rows,
                errors,
                tokens,
                natsPerToken(),
                StrictMath.exp(natsPerToken()),
                rowsPerSecond());
    }
}
