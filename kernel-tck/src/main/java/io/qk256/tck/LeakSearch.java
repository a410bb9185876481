package io.qk256.tck;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Finds resources that grow with work. A resource that grows in one series of calls is suspected. It is a leak if it
 * grows in four of five series, each twice as long as the one before, by about the same amount per round. Growth of the
 * JVM itself or of other threads is not proportional like that. One series may differ, because the JVM sometimes gives
 * back a megabyte or two of its own, which would hide what was lost meanwhile. So neither a busy machine nor a late
 * compilation decides the verdict.
 */
final class LeakSearch {

    private static final int SERIES = 5;
    /** The number of series that may differ from the others. */
    private static final int OUTLIERS = 1;
    /** The largest ratio between the fastest and the slowest growth of a leak. */
    private static final double PACE = 3;

    private static final int WARM_UP = 8;
    private static final int LONGEST_CHUNK = 1000;
    private static final int SETTLING_ROUNDS = 20;
    /** Replaces the number of settling rounds for kernels that are known to leak, where waiting is pointless. */
    static final ScopedValue<Integer> OTHER_SETTLING_ROUNDS = ScopedValue.newInstance();

    private static final long SETTLING_MILLIS = 50;

    /** Less than what the smallest leak loses in a series. */
    private static final long SETTLED_BYTES = 16 << 10;

    /** For threads and descriptors: one in this many rounds is too much, but a few are not a leak. */
    private static final int ROUNDS_FOR_ONE = 1000;

    private static final int FEW = 16;

    private final Set<Resource> resources;
    private final IntConsumer work;
    private final int rounds;
    private final int bytesPerRound;

    /**
     * Prepares a search.
     *
     * @param resources resources that must not grow
     * @param work does the given number of rounds of work; if it is 0, only what lets a kernel give back something that it
     *     holds for the last round
     * @param rounds rounds of the first series
     * @param bytesPerRound growth that counts as a leak; times the rounds, it is well above what the JVM uses itself
     */
    LeakSearch(Set<Resource> resources, IntConsumer work, int rounds, int bytesPerRound) {
        this.resources = resources;
        this.work = work;
        this.rounds = rounds;
        this.bytesPerRound = bytesPerRound;
    }

    /** Describes the leak, if there is one. */
    Optional<String> find() {
        Map<Resource, History> suspects = new EnumMap<>(Resource.class);
        resources.forEach(resource -> suspects.put(resource, new History()));
        if (!Resource.heapIsKnown()) {
            suspects.remove(Resource.HEAP);
        }
        work.accept(WARM_UP); // One-time allocations happen now.
        for (int series = 0; series < SERIES && !suspects.isEmpty(); series++) {
            Series one = new Series(rounds << series, suspects.keySet());
            suspects.forEach((resource, history) -> history.add(one, resource));
            suspects.values().removeIf(history -> !history.looksLikeALeak());
        }
        return suspects.entrySet().stream().findFirst().map(leak -> describe(leak.getKey(), leak.getValue()));
    }

    private static String describe(Resource leak, History history) {
        return "seen more and more " + leak + ": " + history.growth
                + (leak.details().isEmpty() ? "" : "; the last: " + leak.details())
                + "; expected no growth with the number of calls";
    }

    /** What the series so far show about a resource. */
    private static final class History {

        private final StringJoiner growth = new StringJoiner(", then ");
        private final List<Double> paces = new ArrayList<>();
        private int series;
        private int clean;

        void add(Series one, Resource resource) {
            growth.add(one.describe(resource));
            if (!one.grew.contains(resource)) {
                clean++;
            } else if (series > 0) { // Much of the first series' growth is one-time.
                paces.add(one.pace(resource));
            }
            series++;
        }

        boolean looksLikeALeak() {
            if (clean > OUTLIERS) {
                return false;
            }
            List<Double> sorted = paces.stream().sorted().toList();
            int fewest = Math.max(1, sorted.size() - (OUTLIERS - clean));
            return IntStream.rangeClosed(0, sorted.size() - fewest)
                            .anyMatch(from -> sorted.get(from + fewest - 1) <= PACE * sorted.get(from))
                    || sorted.isEmpty();
        }
    }

    /** One series of rounds, cut short once plenty has been lost. */
    private final class Series {

        private final Map<Resource, Long> before = new EnumMap<>(Resource.class);
        private final Map<Resource, Long> grown = new EnumMap<>(Resource.class);
        private final Set<Resource> grew;
        private int done;

        Series(int most, Set<Resource> resources) {
            settleBefore();
            resources.forEach(resource -> before.put(resource, resource.held()));
            for (int chunk = 2; done < most && !hasLostPlenty(); chunk = Math.min(2 * chunk, LONGEST_CHUNK)) {
                int now = Math.min(chunk, most - done);
                work.accept(now);
                done += now;
            }
            grew = EnumSet.copyOf(resources);
            settle();
        }

        /** Garbage of earlier work takes several collections; if it were freed later, it would hide what is lost. */
        private void settleBefore() {
            long held = Long.MAX_VALUE;
            for (int round = 0; round < SETTLING_ROUNDS; round++) {
                collect();
                long now = Resource.HEAP.held();
                if (now > held - SETTLED_BYTES) {
                    return;
                }
                held = now;
                pause();
            }
        }

        private boolean hasLostPlenty() {
            return before.keySet().stream().anyMatch(this::hasLostPlenty);
        }

        private boolean hasLostPlenty(Resource resource) {
            if (resource.heldAtMost() - heldBefore(resource) < resource.plenty()) {
                return false;
            }
            if (resource == Resource.HEAP) {
                System.gc(); // Most of it may be garbage.
            }
            return growth(resource) >= resource.plenty();
        }

        private long growth(Resource resource) {
            return resource.held() - heldBefore(resource);
        }

        private long heldBefore(Resource resource) {
            return before.getOrDefault(resource, 0L);
        }

        /** Cleaners and ending threads need a moment; only kernels that hold resources have to wait for it. */
        private void settle() {
            for (int round = 0; round < OTHER_SETTLING_ROUNDS.orElse(SETTLING_ROUNDS) && !grew.isEmpty(); round++) {
                collect();
                for (Resource resource : EnumSet.copyOf(grew)) {
                    grown.put(resource, growth(resource));
                    if (growth(resource) < limit(resource)) {
                        grew.remove(resource);
                    }
                }
                if (!grew.isEmpty()) {
                    pause();
                }
            }
        }

        private void collect() {
            System.gc();
            work.accept(0);
            System.gc();
        }

        private static void pause() {
            try {
                Thread.sleep(SETTLING_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private long limit(Resource resource) {
            return resource.isCounted()
                    ? Math.max(FEW, done / ROUNDS_FOR_ONE)
                    : Math.max(1, (long) done * bytesPerRound);
        }

        double pace(Resource resource) {
            return (double) grown.getOrDefault(resource, 0L) / done;
        }

        String describe(Resource resource) {
            return grown.get(resource) + " in " + done + " rounds";
        }
    }
}
