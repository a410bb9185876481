package io.qk256.llm.text.jinja;

import java.util.function.IntConsumer;

/** What a slice takes: from, from + step, and so on, before to; all within the sequence. */
record Indexes(int from, int to, int step) {

    private static final long NO_BOUND = Long.MIN_VALUE;

    /**
     * Python's rule for slices.
     *
     * @param from {@link #noBound} if not given, as {@code to}; negative: from the end
     * @param step not 0
     */
    static Indexes of(long from, long to, long step, int length) {
        long low = step > 0 ? 0 : -1;
        long high = step > 0 ? length : length - 1L;
        long start = from == NO_BOUND ? (step > 0 ? low : high) : clamp(from, low, high, length);
        long end = to == NO_BOUND ? (step > 0 ? high : low) : clamp(to, low, high, length);
        boolean isEmpty = step > 0 ? end <= start : end >= start;
        int limited = Math.clamp(step, -Integer.MAX_VALUE, Integer.MAX_VALUE);
        return isEmpty ? new Indexes(0, 0, 1) : new Indexes((int) start, (int) end, limited);
    }

    static long noBound() {
        return NO_BOUND;
    }

    private static long clamp(long index, long low, long high, int length) {
        return Math.clamp(index < 0 ? index + length : index, low, high);
    }

    int count() {
        long span = Math.abs((long) to - from);
        long size = Math.abs((long) step);
        return (int) ((span + size - 1) / size);
    }

    void forEach(IntConsumer consumer) {
        long index = from;
        for (int i = count(); i > 0; i--) {
            consumer.accept((int) index);
            index += step;
        }
    }
}
