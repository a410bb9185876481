package io.qk256.llm.serving;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Jobs that wait: their keys take turns, and the jobs of a key come in order of arrival. Not thread-safe. */
final class FairQueue {

    /** The jobs of each key; the next key is the first. */
    private final Map<String, ArrayDeque<Job>> keys = new LinkedHashMap<>();

    private int size;

    int size() {
        return size;
    }

    void add(Job job) {
        keys.computeIfAbsent(job.key(), key -> new ArrayDeque<>()).add(job);
        size++;
    }

    /** The next job, or null. */
    @Nullable
    Job peek() {
        return keys.isEmpty() ? null : keys.values().iterator().next().getFirst();
    }

    /** Removes the next job, which exists; then it is the turn of the next key. */
    void remove() {
        Map.Entry<String, ArrayDeque<Job>> first = keys.entrySet().iterator().next();
        String key = first.getKey();
        ArrayDeque<Job> jobs = first.getValue();
        keys.remove(key);
        jobs.removeFirst();
        size--;
        if (!jobs.isEmpty()) {
            keys.put(key, jobs);
        }
    }

    /** Removes and returns the jobs that have a property. */
    List<Job> removeIf(Predicate<Job> property) {
        List<Job> removed = new ArrayList<>();
        for (Iterator<ArrayDeque<Job>> each = keys.values().iterator(); each.hasNext(); ) {
            ArrayDeque<Job> jobs = each.next();
            jobs.removeIf(job -> property.test(job) && removed.add(job));
            if (jobs.isEmpty()) {
                each.remove();
            }
        }
        size -= removed.size();
        return removed;
    }
}
