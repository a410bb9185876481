package io.qk256.llm.model;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of the tokens so far, for each layer, in native memory, which is no work for the garbage collector. It
 * comes in chunks of positions, as tokens need it: a short conversation with a model of a long context takes little.
 *
 * <p>For each layer and head, blocks of 32 positions: of keys dimension by dimension, of values position by position, so that
 * products of a block with queries, or with probabilities, are sums of rows of numbers, and no number has to be summed up with its
 * neighbour. Different positions may be written by different threads at once.
 */
abstract sealed class KvCache {

    /** Positions of a block. */
    static final int BLOCK = 32;

    private static final int BLOCKS_OF_CHUNK = 8;

    private final int layers;
    private final int kvHeads;
    private final int headSize;
    private final int bytesOfNumber;
    private final int chunkBlocks;
    private final Arena arena;
    private final List<MemorySegment> chunks = new ArrayList<>();

    private KvCache(Arena arena, CacheType type, ModelConfig config, int capacity) {
        this.arena = arena;
        this.layers = config.layers();
        this.kvHeads = config.kvHeads();
        this.headSize = config.headSize();
        this.bytesOfNumber = type.bytes();
        this.chunkBlocks = Math.min(BLOCKS_OF_CHUNK, Math.ceilDiv(capacity, BLOCK));
    }

    /**
     * An empty cache.
     *
     * @param arena receives the keys and values
     * @param positions how many tokens it can hold
     */
    static KvCache of(Arena arena, CacheType type, ModelConfig config, int positions) {
        return switch (type) {
            case F16 -> new Halves(arena, config, positions);
            case F32 -> new Floats(arena, config, positions);
        };
    }

    /** Makes room for the positions from 0 on, before they are written; by one thread. */
    final void reserve(int positions) {
        while (reserved() < positions) {
            long blocks = 2L * layers * kvHeads * chunkBlocks;
            chunks.add(HugePages.allocate(arena, blocks * BLOCK * headSize * bytesOfNumber));
        }
    }

    /** Positions for which there is room. */
    final int reserved() {
        return chunks.size() * chunkBlocks * BLOCK;
    }

    /** Rounds to what this cache can hold. */
    abstract void round(float[] x, int at, int n);

    /** Stores the keys and values of all heads at a position. */
    final void put(int layer, int position, float[] keys, float[] values, int at) {
        MemorySegment chunk = chunk(position);
        long within = position % BLOCK;
        for (int head = 0; head < kvHeads; head++) {
            int from = at + head * headSize;
            long key = keysAt(layer, head, position) + within * bytesOfNumber;
            store(keys, from, headSize, chunk, key, (long) BLOCK * bytesOfNumber);
            long value = valuesAt(layer, head, position) + within * headSize * bytesOfNumber;
            store(values, from, headSize, chunk, value, bytesOfNumber);
        }
    }

    /**
     * Reads a block of keys of a head: {@code out[dimension * 32 + i]} is that of position {@code first + i}; what was not
     * put is any number.
     *
     * @param first position of the block, a multiple of 32
     * @param halves scratch memory for a block
     */
    final void keys(int layer, int head, int first, short[] halves, float[] out) {
        load(chunk(first), keysAt(layer, head, first), halves, out);
    }

    /**
     * Reads a block of values of a head: {@code out[i * headSize + dimension]} is that of position {@code first + i}; what was
     * not put is any number.
     *
     * @param first position of the block, a multiple of 32
     * @param halves scratch memory for a block
     */
    final void values(int layer, int head, int first, short[] halves, float[] out) {
        load(chunk(first), valuesAt(layer, head, first), halves, out);
    }

    private MemorySegment chunk(int position) {
        return chunks.get(position / (chunkBlocks * BLOCK));
    }

    private long keysAt(int layer, int head, int position) {
        return blockAt(2L * layer * kvHeads + head, position);
    }

    private long valuesAt(int layer, int head, int position) {
        return blockAt((2L * layer + 1) * kvHeads + head, position);
    }

    private long blockAt(long run, int position) {
        return (run * chunkBlocks + position / BLOCK % chunkBlocks) * BLOCK * headSize * bytesOfNumber;
    }

    /** Reads a block, as many numbers as {@code out} has. */
    abstract void load(MemorySegment from, long at, short[] halves, float[] out);

    /** Writes numbers {@code stride} bytes apart. */
    abstract void store(float[] x, int at, int n, MemorySegment to, long toAt, long stride);

    private static final class Halves extends KvCache {

        Halves(Arena arena, ModelConfig config, int capacity) {
            super(arena, CacheType.F16, config, capacity);
        }

        @Override
        void round(float[] x, int at, int n) {
            Half.round(x, at, n);
        }

        @Override
        void load(MemorySegment from, long at, short[] halves, float[] out) {
            MemorySegment.copy(from, JAVA_SHORT, at, halves, 0, out.length);
            Half.widen(halves, 0, out, out.length);
        }

        @Override
        void store(float[] x, int at, int n, MemorySegment to, long toAt, long stride) {
            Half.narrow(x, at, n, to, toAt, stride);
        }
    }

    private static final class Floats extends KvCache {

        Floats(Arena arena, ModelConfig config, int capacity) {
            super(arena, CacheType.F32, config, capacity);
        }

        @Override
        void round(float[] x, int at, int n) {}

        @Override
        void load(MemorySegment from, long at, short[] halves, float[] out) {
            MemorySegment.copy(from, JAVA_FLOAT, at, out, 0, out.length);
        }

        @Override
        void store(float[] x, int at, int n, MemorySegment to, long toAt, long stride) {
            MemorySegment numbers = Reductions.offHeap(to);
            for (int i = 0; i < n; i++) {
                numbers.set(JAVA_FLOAT, toAt + i * stride, x[at + i]);
            }
        }
    }
}
