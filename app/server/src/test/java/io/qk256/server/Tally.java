package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/** What clients have done and got. Thread-safe. */
final class Tally {

    /** What happened to a request. */
    enum Kind {
        EQUAL_TO_ALONE,
        STREAM_EQUAL_TO_ALONE,
        LEFT_A_STREAM,
        LEFT_BEFORE_AN_ANSWER,
        LEFT_IN_THE_REQUEST,
        VECTORS_EQUAL_TO_ALONE,
        READ,
        REFUSED_BUSY,
        REFUSED_RUBBISH,
        REFUSED_LARGE,
        SLOW_BUT_ANSWERED,
        REFUSED_SLOW
    }

    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);

    synchronized void add(Kind kind) {
        counts.merge(kind, 1L, Long::sum);
    }

    synchronized long requests() {
        return counts.values().stream().mapToLong(count -> count).sum();
    }

    /** Everything must have happened; otherwise nothing was tested. */
    synchronized void requireAll() {
        assertThat(counts).containsOnlyKeys(Kind.values());
    }

    @Override
    public synchronized String toString() {
        return counts.entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }
}
