package io.qk256.llm.model;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.qk256.spi.memory.HugePages;
import io.qk256.spi.support.F16Attention;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * The keys and values of the tokens of an engine's sequences, for each layer, in native memory, outside the reach of
 * the garbage collector. Memory is allocated in pages of positions as tokens are added. Sequences can share a page, and
 * released pages are reused. {@link PageTable} lists the pages of a sequence.
 *
 * <p>Each layer and head has blocks of 32 positions: keys dimension by dimension, values position by position. Products
 * of a block with queries or probabilities are therefore sums of rows of numbers, and no sum adds adjacent numbers.
 * Different threads may write different positions at once; only one takes and returns pages.
 */
abstract sealed class KvCache {

    /** The number of positions in a block. */
    static final int BLOCK = F16Attention.POSITIONS;

    private static final int BLOCKS_OF_PAGE = 8;

    private final int layers;
    private final int kvHeads;
    private final int headSize;
    private final CacheType type;
    private final int bytesOfNumber;
    private final int pageBlocks;
    private final Arena arena;
    private final ArrayDeque<Page> free = new ArrayDeque<>();
    private int pages;

    /** Keys and values of consecutive positions, in all layers. */
    static final class Page {

        final MemorySegment memory;

        /** The number of sequences that hold it; a sole holder may write. */
        int holders;

        private Page(MemorySegment memory) {
            this.memory = memory;
        }
    }

    private KvCache(Arena arena, CacheType type, ModelConfig config, int context) {
        this.arena = arena;
        this.layers = config.layers();
        this.kvHeads = config.kvHeads();
        this.headSize = config.headSize();
        this.type = type;
        this.bytesOfNumber = type.bytes();
        this.pageBlocks = Math.min(BLOCKS_OF_PAGE, Math.ceilDiv(context, BLOCK));
    }

    /**
     * Creates a cache without pages.
     *
     * @param arena allocates the keys and values
     * @param context the expected maximum number of tokens of a sequence
     */
    static KvCache of(Arena arena, CacheType type, ModelConfig config, int context) {
        return switch (type) {
            case F16 -> new Halves(arena, config, context);
            case F32 -> new Floats(arena, config, context);
        };
    }

    final CacheType type() {
        return type;
    }

    /** The number of positions in a page. */
    final int pagePositions() {
        return pageBlocks * BLOCK;
    }

    /** Takes a page, with one holder and arbitrary contents. */
    final Page take() {
        Page page = free.poll();
        if (page == null) {
            page = new Page(HugePages.allocate(arena, pageBytes()));
            pages++;
        }
        page.holders = 1;
        return page;
    }

    /** Removes one holder; a page without holders is free. */
    final void giveBack(Page page) {
        if (--page.holders == 0) {
            free.push(page);
        }
    }

    /** The number of pages that sequences hold; a shared page counts once. */
    final int pagesInUse() {
        return pages - free.size();
    }

    /** The size of a page in bytes. */
    final long pageBytes() {
        return 2L * layers * kvHeads * pageBlocks * BLOCK * headSize * bytesOfNumber;
    }

    /** Rounds values to this cache's precision. */
    abstract void round(float[] x, int at, int n);

    /** Stores the keys and values of all heads at a position of the page. */
    final void put(Page page, int layer, int position, float[] keys, float[] values, int at) {
        MemorySegment memory = page.memory;
        long within = position % BLOCK;
        for (int head = 0; head < kvHeads; head++) {
            int from = at + head * headSize;
            long key = keysAt(layer, head, position) + within * bytesOfNumber;
            store(keys, from, headSize, memory, key, (long) BLOCK * bytesOfNumber);
            long value = valuesAt(layer, head, position) + within * headSize * bytesOfNumber;
            store(values, from, headSize, memory, value, bytesOfNumber);
        }
    }

    /**
     * Reads a block of keys of a head: {@code out[dimension * 32 + i]} belongs to position {@code first + i}; positions
     * that were not put have arbitrary values.
     *
     * @param first position of the block, a multiple of 32
     */
    final void keys(Page page, int layer, int head, int first, float[] out) {
        load(page.memory, keysAt(layer, head, first), out, BLOCK * headSize);
    }

    /**
     * Reads a block of values of a head: {@code out[i * headSize + dimension]} belongs to position {@code first + i};
     * positions that were not put have arbitrary values.
     *
     * @param first position of the block, a multiple of 32
     */
    final void values(Page page, int layer, int head, int first, float[] out) {
        load(page.memory, valuesAt(layer, head, first), out, BLOCK * headSize);
    }

    /** The number of blocks in a page. */
    final int pageBlocks() {
        return pageBlocks;
    }

    /** Where the block of keys that holds a position starts in its page, in bytes. */
    final long keysAt(int layer, int head, int position) {
        return blockAt(2L * layer * kvHeads + head, position);
    }

    /** The same for values. */
    final long valuesAt(int layer, int head, int position) {
        return blockAt((2L * layer + 1) * kvHeads + head, position);
    }

    private long blockAt(long run, int position) {
        return (run * pageBlocks + position / BLOCK % pageBlocks) * BLOCK * headSize * bytesOfNumber;
    }

    /** Reads {@code n} numbers. */
    abstract void load(MemorySegment from, long at, float[] out, int n);

    /** Writes numbers {@code stride} bytes apart. */
    abstract void store(float[] x, int at, int n, MemorySegment to, long toAt, long stride);

    private static final class Halves extends KvCache {

        Halves(Arena arena, ModelConfig config, int context) {
            super(arena, CacheType.F16, config, context);
        }

        @Override
        void round(float[] x, int at, int n) {
            Half.round(x, at, n);
        }

        @Override
        void load(MemorySegment from, long at, float[] out, int n) {
            Half.widen(from, at, out, n);
        }

        @Override
        void store(float[] x, int at, int n, MemorySegment to, long toAt, long stride) {
            Half.narrow(x, at, n, to, toAt, stride);
        }
    }

    private static final class Floats extends KvCache {

        Floats(Arena arena, ModelConfig config, int context) {
            super(arena, CacheType.F32, config, context);
        }

        @Override
        void round(float[] x, int at, int n) {}

        @Override
        void load(MemorySegment from, long at, float[] out, int n) {
            MemorySegment.copy(from, JAVA_FLOAT, at, out, 0, n);
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
