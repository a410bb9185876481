package io.qk256.llm.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * Buffers by their length, which are given out again in the same order. For one thread at a time.
 *
 * @param <T> a buffer
 */
final class Buffers<T> {

    private final IntFunction<T> maker;
    private final Map<Integer, List<T>> made = new HashMap<>();
    private final Map<Integer, Integer> taken = new HashMap<>();

    Buffers(IntFunction<T> maker) {
        this.maker = maker;
    }

    /** One that nobody has taken since the last {@link #useAgain}. */
    T take(int length) {
        made.putIfAbsent(length, new ArrayList<>());
        List<T> buffers = Objects.requireNonNull(made.get(length));
        int index = taken.merge(length, 1, Integer::sum) - 1;
        if (index == buffers.size()) {
            buffers.add(maker.apply(length));
        }
        return buffers.get(index);
    }

    /** Nobody needs what is in those that were given out. */
    void useAgain() {
        taken.clear();
    }
}
