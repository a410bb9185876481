package io.qk256.app.bench;

import io.qk256.spi.memory.HugePages;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures how fast this machine reads memory, which limits the decoding of a large model. Plain Java that HotSpot compiles to
 * vector instructions.
 */
public final class ReadingSpeed {

    /** Larger than the last-level cache of most machines, and read in a few milliseconds. */
    private static final long MOST_BYTES = 256L << 20;

    /** Bytes of a part, which is one loop that the compiler sees as a whole. */
    private static final int PART = 1 << 16;

    private static final long WARM_UP_NANOS = 100_000_000;
    private static final long NANOS = 150_000_000;
    private static final int LEAST_ROUNDS = 3;

    private final MemorySegment memory;
    private final ParallelKernel threads;
    private final int parts;
    private final RowTask read = this::read;
    /** The sum must be used, or the compiler would remove the reads. */
    private final LongAdder used = new LongAdder();

    private ReadingSpeed(MemorySegment memory, ParallelKernel threads) {
        this.memory = memory;
        this.threads = threads;
        this.parts = Math.toIntExact(memory.byteSize() / PART);
    }

    /**
     * Measures for about a third of a second and returns the best of several rounds.
     *
     * @param bytes bytes to read per round, capped at 256 MiB; a small working set is thus read from the caches that it fits in
     * @param threads the threads that read, each its share
     * @return bytes per second
     */
    public static double measure(long bytes, ParallelKernel threads) {
        long size = Math.clamp(bytes, PART, MOST_BYTES) / PART * PART;
        try (Arena arena = Arena.ofShared()) {
            return new ReadingSpeed(HugePages.allocate(arena, size).fill((byte) 1), threads).measure();
        }
    }

    private double measure() {
        long warmUp = System.nanoTime();
        while (System.nanoTime() - warmUp < WARM_UP_NANOS) {
            read(0, 1);
        }
        long best = Long.MAX_VALUE;
        long start = System.nanoTime();
        for (int i = 0; i < LEAST_ROUNDS || System.nanoTime() - start < NANOS; i++) {
            long before = System.nanoTime();
            threads.forRows(parts, 1, read);
            best = Math.min(best, System.nanoTime() - before);
        }
        return memory.byteSize() * 1e9 / best;
    }

    private void read(int from, int to) {
        int sum = 0;
        for (int part = from; part < to; part++) {
            sum += sum(memory.asSlice((long) part * PART, PART));
        }
        used.add(sum);
    }

    /** HotSpot vectorizes this loop as it is; it did not with a start other than 0 or with a sum without a mask. */
    private static int sum(MemorySegment bytes) {
        int sum = 0;
        for (int i = 0; i < PART / Integer.BYTES; i++) {
            sum += bytes.getAtIndex(ValueLayout.JAVA_INT, i) & 0x5555_5555;
        }
        return sum;
    }
}
