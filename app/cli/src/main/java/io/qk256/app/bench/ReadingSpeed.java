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

    /** Larger than the last-level cache of most machines, and read in a few milliseconds. */
    private static final long MOST_BYTES = 256L << 20;

    /** Bytes of a part, which is one loop that the compiler sees as a whole. */
    private static final int PART = 1 << 16;

    private static final long NANOS = 150_000_000;
    private static final int LEAST_ROUNDS = 3;

    /**
     * Measures for about half a second: finds the fastest way, and takes the best of several rounds.
     *
     * @param bytes bytes to read per round, capped at 256 MiB; a small working set is thus read from the caches that it fits in
     * @param threads the threads that read, each its share
     */
    public static ReadingSpeed measure(long bytes, ParallelKernel threads) {
        long size = Math.clamp(bytes, PART, MOST_BYTES) / PART * PART;
        try (Arena arena = Arena.ofShared()) {
            return new Meter(HugePages.allocate(arena, size).fill((byte) 1), threads).measure();
        }
    }

    private static final class Meter {

        private final MemorySegment memory;
        private final ParallelKernel threads;
        private final int parts;
        private final RowTask read = this::read;
        private MemoryReader reader = MemoryReader.PLAIN;

        /** The sum must be used, or the compiler would remove the reads. */
        private final LongAdder used = new LongAdder();

        Meter(MemorySegment memory, ParallelKernel threads) {
            this.memory = memory;
            this.threads = threads;
            this.parts = Math.toIntExact(memory.byteSize() / PART);
        }

        ReadingSpeed measure() {
            MemoryReader fastest = MemoryReader.fastest(this::readAll);
            long best = Long.MAX_VALUE;
            long start = System.nanoTime();
            for (int i = 0; i < LEAST_ROUNDS || System.nanoTime() - start < NANOS; i++) {
                long before = System.nanoTime();
                readAll(fastest);
                best = Math.min(best, System.nanoTime() - before);
            }
            return new ReadingSpeed(memory.byteSize() * 1e9 / best, fastest.name());
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
