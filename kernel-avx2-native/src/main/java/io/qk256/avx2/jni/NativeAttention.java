package io.qk256.avx2.jni;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.qk256.spi.support.F16Attention;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Optional;

/** Attention over keys and values in f16, in C, in the widest tier that has it. */
public final class NativeAttention implements F16Attention.Source {

    private static final int SIZES = 32;
    private static final int ALIGNMENT = 64;

    /** Rows of scores would otherwise compete for the same lines of the cache. */
    private static final int ROW_GAP = 16;

    /** Called by the service loader. */
    public NativeAttention() {}

    /** None where the JVM would warn of native code: nobody has chosen the native kernel yet. */
    @Override
    public Optional<F16Attention> attention() {
        int tiers = Avx2NativeProvider.mayLoadWithoutWarning() ? Avx2NativeProvider.usableTiers() : 0;
        return tiers == 0 ? Optional.empty() : Optional.of(in(tiers));
    }

    /** The code of the widest of some tiers. */
    static F16Attention in(int tiers) {
        long function = Tier.widest(Native.ATTENTION, tiers);
        return (headSize, queries) -> headSize > 0 && headSize % SIZES == 0
                ? Optional.of(new Worker(function, headSize, queries))
                : Optional.empty();
    }

    /** What a thread needs. */
    private static final class Worker implements F16Attention.Worker {

        private final long function;
        private final int headSize;
        private final int queries;
        private final int ofToken;
        private final long blockBytes;

        /** Addresses of pages, queries, results, scores. */
        private MemorySegment scratch = MemorySegment.NULL;

        Worker(long function, int headSize, int queries) {
            this.function = function;
            this.headSize = headSize;
            this.queries = queries;
            this.ofToken = Math.multiplyExact(queries, headSize);
            this.blockBytes = (long) F16Attention.POSITIONS * headSize * Short.BYTES;
        }

        @Override
        public void attend(
                F16Attention.Pages pages,
                long keysAt,
                long valuesAt,
                int pageBlocks,
                int tokens,
                int firstPosition,
                float scale,
                float[] x,
                float[] y,
                int at,
                int stride) {
            if (tokens < 1 || firstPosition < 0 || pageBlocks < 1) {
                throw new IllegalArgumentException("tokens: " + tokens + ", expected 1 or more; position: "
                        + firstPosition + ", expected 0 or more; blocks of a page: " + pageBlocks
                        + ", expected 1 or more");
            }
            int rows = Math.multiplyExact(tokens, queries);
            int blocks = Math.ceilDiv(Math.addExact(firstPosition, tokens), F16Attention.POSITIONS);
            int scoreStride = Math.addExact(Math.multiplyExact(blocks, F16Attention.POSITIONS), ROW_GAP);
            int pageCount = Math.ceilDiv(blocks, pageBlocks);
            long q = aligned((long) pageCount * Long.BYTES);
            long results = q + aligned((long) tokens * ofToken * Float.BYTES);
            long scores = results + aligned((long) tokens * ofToken * Float.BYTES);
            reserve(scores + (long) rows * scoreStride * Float.BYTES);
            for (int i = 0; i < pageCount; i++) {
                MemorySegment page = pages.page(i);
                int used = Math.min(pageBlocks, blocks - i * pageBlocks);
                requireBlocks(page, keysAt, used);
                requireBlocks(page, valuesAt, used);
                scratch.setAtIndex(JAVA_LONG, i, page.address());
            }
            for (int token = 0; token < tokens; token++) {
                long to = q + (long) token * ofToken * Float.BYTES;
                MemorySegment.copy(x, at + token * stride, scratch, JAVA_FLOAT, to, ofToken);
            }
            try {
                Native.callAttention(
                        function,
                        scratch.address(),
                        keysAt,
                        valuesAt,
                        pageBlocks,
                        headSize,
                        queries,
                        tokens,
                        firstPosition,
                        scale,
                        scratch.address() + q,
                        scratch.address() + scores,
                        scoreStride,
                        scratch.address() + results);
            } finally {
                Reference.reachabilityFence(pages);
                Reference.reachabilityFence(scratch);
            }
            for (int token = 0; token < tokens; token++) {
                long from = results + (long) token * ofToken * Float.BYTES;
                MemorySegment.copy(scratch, JAVA_FLOAT, from, y, at + token * stride, ofToken);
            }
        }

        private void requireBlocks(MemorySegment page, long runAt, int blocks) {
            boolean fits = runAt >= 0 && runAt <= page.byteSize() - blocks * blockBytes;
            boolean alive = page.isNative() && page.scope().isAlive();
            if (!alive || !fits || (page.address() + runAt) % Short.BYTES != 0) {
                throw new IllegalArgumentException("page: " + page + ", expected off-heap f16 of " + blocks * blockBytes
                        + " bytes from byte " + runAt + " on, not closed");
            }
        }

        /** Grows by half as well, because texts grow. */
        private void reserve(long bytes) {
            if (scratch.byteSize() < bytes) {
                scratch = Arena.ofAuto().allocate(bytes + bytes / 2, ALIGNMENT);
            }
        }

        private static long aligned(long bytes) {
            return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
        }
    }
}
