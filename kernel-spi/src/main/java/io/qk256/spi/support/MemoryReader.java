package io.qk256.spi.support;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/**
 * A way to read memory, for measurements of how fast a machine reads. All ways compute the same sum. Java cannot
 * prefetch, and code with prefetches reads memory faster on many CPUs, so the native kernel provides ways as a service.
 * Stateless and thread-safe.
 */
public interface MemoryReader {

    /** The loop in Java that every machine has. */
    MemoryReader PLAIN = new Plain();

    /** In a few words, for reports. */
    String name();

    /**
     * Reads all of an off-heap segment.
     *
     * @param memory a multiple of 64 bytes, less than 8 GiB
     * @return the sum of its int32 values, each masked with {@code 0x5555_5555}, modulo 2^32
     */
    int read(MemorySegment memory);

    /** A module that has ways to read. */
    interface Source {

        /** The ways that this machine can use; none if it lacks something. */
        List<MemoryReader> readers();
    }

    /** All ways, first the plain one. */
    static List<MemoryReader> all() {
        List<MemoryReader> all = new ArrayList<>(List.of(PLAIN));
        for (Source source : ServiceLoader.load(Source.class, MemoryReader.class.getClassLoader())) {
            all.addAll(source.readers());
        }
        return all;
    }

    /**
     * Finds the fastest way. The ways take turns, three times, for 10 ms each; before that, the compiler gets 100 ms for
     * the plain one.
     *
     * @param work reads with the given way, always as much
     */
    static MemoryReader fastest(Consumer<MemoryReader> work) {
        final int turns = 3;
        final long nanos = 10_000_000;
        nanosOfOne(PLAIN, work, 10 * nanos);
        List<MemoryReader> all = all();
        MemoryReader fastest = PLAIN;
        double least = Double.POSITIVE_INFINITY;
        for (int turn = 0; turn < turns; turn++) {
            for (MemoryReader reader : all) {
                double time = nanosOfOne(reader, work, nanos);
                fastest = time < least ? reader : fastest;
                least = Math.min(least, time);
            }
        }
        return fastest;
    }

    private static double nanosOfOne(MemoryReader reader, Consumer<MemoryReader> work, long least) {
        long start = System.nanoTime();
        long elapsed;
        int count = 0;
        do {
            work.accept(reader);
            count++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < least);
        return (double) elapsed / count;
    }

    /** A loop that HotSpot compiles to vector instructions. */
    final class Plain implements MemoryReader {

        private Plain() {}

        @Override
        public String name() {
            return "a plain loop in Java";
        }

        /** HotSpot vectorizes this loop as it is; a start other than 0, or a sum without a mask, prevented that. */
        @Override
        public int read(MemorySegment memory) {
            int sum = 0;
            int ints = Math.toIntExact(memory.byteSize() / Integer.BYTES);
            for (int i = 0; i < ints; i++) {
                sum += memory.getAtIndex(ValueLayout.JAVA_INT, i) & 0x5555_5555;
            }
            return sum;
        }
    }
}
