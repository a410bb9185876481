package io.qk256.tck.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Reads the weights; with several threads, each reads its part. */
final class ReadFloor implements Floor {

    /** In bytes; rows of a matrix are multiples of it. */
    private static final int CACHE_LINE = 64;

    private final MemorySegment[] parts;
    private int at;

    ReadFloor(Rotation matrices, int thread, int threads) {
        parts = Arrays.stream(matrices.memory())
                .map(memory -> part(memory, thread, threads))
                .toArray(MemorySegment[]::new);
    }

    private static MemorySegment part(MemorySegment memory, int thread, int threads) {
        long lines = memory.byteSize() / CACHE_LINE;
        long from = lines * thread / threads * CACHE_LINE;
        return memory.asSlice(from, lines * (thread + 1) / threads * CACHE_LINE - from);
    }

    @Override
    public long run() {
        MemorySegment part = parts[at];
        at = at + 1 == parts.length ? 0 : at + 1;
        return sum(part);
    }

    /** HotSpot vectorizes this loop as it is; a start other than 0, or a sum without a mask, prevented that. */
    private static long sum(MemorySegment bytes) {
        int sum = 0;
        int ints = Math.toIntExact(bytes.byteSize() / Integer.BYTES);
        for (int i = 0; i < ints; i++) {
            sum += bytes.getAtIndex(ValueLayout.JAVA_INT, i) & 0x5555_5555;
        }
        return sum;
    }
}
