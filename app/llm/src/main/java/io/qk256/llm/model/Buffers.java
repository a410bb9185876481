package io.qk256.llm.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * Reusable buffers by length, handed out in the same order each time. For one thread at a time.
 *
 * @param <T> the type of a buffer
 */
final class Buffers<T> {

    private final IntFunction<T> maker;
    private final Map<Integer, List<T>> made = new HashMap<>();
    private final Map<Integer, Integer> taken = new HashMap<>();

    Buffers(IntFunction<T> maker) {
        this.maker = maker;
    }

    /** Returns a buffer that was not taken since the last {@link #useAgain}. */
    T take(int length) {
        made.putIfAbsent(length, new ArrayList<>());
        List<T> buffers = Objects.requireNonNull(made.get(length));
        int index = taken.merge(length, 1, Integer::sum) - 1;
        if (index == buffers.size()) {
            buffers.add(maker.apply(length));
        }
        return buffers.get(index);
    }

    /** Makes all buffers available again; their contents are no longer needed. */
    void useAgain() {
        taken.clear();
    }
}
