package io.qk256.app.bench;

import io.qk256.spi.memory.HugePages;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import io.qk256.spi.support.MemoryReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.LongAdder;

/**
 * How fast this machine reads memory, which limits the decoding of a large model: in the fastest of a few ways.
 *
 * @param rate bytes per second
 * @param way the way, in a few words
 */
public record ReadingSpeed(double rate, String way) {

    private static final long NANOS = 150_000_000;

    /**
     * Finds the fastest way, and measures it, which takes about half a second.
     *
     * @param bytes bytes to read per round, capped at 256 MiB; a small working set is thus read from the caches that it fits in
     * @param threads the threads that read, each its share
     */
    public static ReadingSpeed measure(long bytes, ParallelKernel threads) {
        try (Arena arena = Arena.ofShared()) {
            Meter meter = new Meter(arena, bytes, threads);
            return new ReadingSpeed(meter.rate(NANOS), meter.way());
        }
    }

    /** Measures again and again, in turns with what is compared with it, because the speed of memory changes. */
    static final class Meter {

        /** Larger than the last-level cache of most machines, and read in a few milliseconds. */
        private static final long MOST_BYTES = 256L << 20;

        /** Bytes of a part, which is one loop that the compiler sees as a whole. */
        private static final int PART = 1 << 16;

        private final MemorySegment memory;
        private final ParallelKernel threads;
        private final int parts;
        private final RowTask read = this::read;
        private final MemoryReader fastest;
        private MemoryReader reader = MemoryReader.PLAIN;

        /** The sum must be used, or the compiler would remove the reads. */
        private final LongAdder used = new LongAdder();

        /**
         * Finds the fastest way; the other arguments are those of {@link #measure}.
         *
         * @param arena a shared one, which allocates what is read
         */
        Meter(Arena arena, long bytes, ParallelKernel threads) {
            long size = Math.clamp(bytes, PART, MOST_BYTES) / PART * PART;
            this.memory = HugePages.allocate(arena, size).fill((byte) 1);
            this.threads = threads;
            this.parts = Math.toIntExact(memory.byteSize() / PART);
            this.fastest = MemoryReader.fastest(this::readAll);
        }

        String way() {
            return fastest.name();
        }

        /** The average rate of so much time, or somewhat more. */
        double rate(long nanos) {
            long start = System.nanoTime();
            long elapsed;
            long bytes = 0;
            do {
                readAll(fastest);
                bytes += memory.byteSize();
                elapsed = System.nanoTime() - start;
            } while (elapsed < nanos);
            return bytes * 1e9 / elapsed;
        }

        private void readAll(MemoryReader with) {
            reader = with;
            threads.forRows(parts, 1, read);
        }

        private void read(int from, int to) {
            int sum = 0;
            for (int part = from; part < to; part++) {
                sum += reader.read(memory.asSlice((long) part * PART, PART));
            }
            used.add(sum);
        }
    }
}
