package io.qk256.tck.bench;

import io.qk256.spi.support.MemoryReader;
import java.lang.foreign.MemorySegment;

/** Reads the weights, in the fastest way; with several threads, each reads its part. */
final class ReadFloor implements Floor {

    /** In bytes; rows of a matrix are multiples of it. */
    private static final int CACHE_LINE = 64;

    private final MemorySegment[] parts;
    private MemoryReader reader = MemoryReader.PLAIN;
    private int at;

    /** Keeps the compiler from eliminating the reads. */
    private long used;

    ReadFloor(Rotation<?> matrices, int thread, int threads) {
        parts = matrices.memory().stream()
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
        return reader.read(part);
    }

    @Override
    public String prepare() {
        reader = MemoryReader.fastest(way -> {
            reader = way;
            used += run();
        });
        return reader.name();
    }
}
