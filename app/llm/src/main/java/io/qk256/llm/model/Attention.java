package io.qk256.llm.model;

import io.qk256.spi.support.F16Attention;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Causal grouped-query attention: {@code out = softmax(q . k / sqrt(headSize)) . v} over the positions up to the
 * token's own; consecutive query heads share a key/value head. Scores, exponentials and results are f32, the sum of
 * exponentials f64. With an f16 cache, queries and probabilities are rounded to f16, as in ggml, where they are
 * operands of an f16 product.
 *
 * <p>Scores are summed in the order of {@link Reductions#dot}, results block by block in the order of positions. Native
 * code, plain code and vector code give the same bits. Different (tokens, key/value head) pairs may be computed by
 * different threads at once.
 */
final class Attention {

    /** More tokens would need more scratch memory, and gain little. */
    private static final int MOST_TOGETHER = 64;

    private static final int LEAST_TOGETHER = 16;

    /** With this much work for each thread, they end at about the same time. */
    private static final int UNITS_PER_THREAD = 4;

    private static final int BLOCK = KvCache.BLOCK;

    /** The most scores of a thread at once, 1 MiB; with longer texts fewer tokens share a read of the cache. */
    private static final int MOST_SCORES = 1 << 18;

    /** Rows of scores would otherwise compete for the same lines of the cache. */
    private static final int ROW_GAP = 16;

    /**
     * The code that a thread computes with.
     *
     * @param products products with blocks of keys and values
     * @param softmax the softmax of scores
     */
    record Code(BlockProducts products, Softmax softmax) {

        /** Returns plain code for a cache of this type. */
        static Code plain(CacheType type) {
            return new Code(new PlainBlockProducts(type == CacheType.F16), new PlainSoftmax());
        }

        /** Returns the fastest code on this JVM. */
        static Code best(CacheType type) {
            return Reductions.vectorsAreFast() ? new Code(new VectorBlockProducts(), Softmax.best()) : plain(type);
        }
    }

    private final KvCache cache;
    private final int together;
    private final int queriesPerHead;
    private final int headSize;

    /** The head's size, filled up with zeros to a whole number of {@link Reductions#LANES}, which change no sum. */
    private final int filledSize;

    private final int querySize;
    private final float scale;
    private final boolean isNative;
    private final ScratchPool<Scratch> scratches;

    /** Computes with the memory of a thread. */
    private interface Scratch {

        /** The attention of tokens whose queries for a key/value head start at {@code queries[at]}. */
        void attend(
                PageTable pages,
                int layer,
                int kvHead,
                int tokens,
                int firstPosition,
                float[] queries,
                float[] out,
                int at);
    }

    /**
     * Creates the attention of a model.
     *
     * @param nativeCode asked for if the cache is f16; computes it, if it has code for such heads
     * @param together the most tokens in a call
     */
    Attention(ModelConfig config, KvCache cache, Supplier<Optional<F16Attention>> nativeCode, int together) {
        this.together = together;
        this.cache = cache;
        this.queriesPerHead = config.heads() / config.kvHeads();
        this.headSize = config.headSize();
        this.filledSize = Reductions.padded(headSize);
        this.querySize = config.heads() * headSize;
        this.scale = 1 / (float) Math.sqrt(headSize);
        Optional<F16Attention> code = cache.type() == CacheType.F16 ? nativeCode.get() : Optional.empty();
        code = code.filter(each -> each.worker(headSize, queriesPerHead).isPresent());
        this.isNative = code.isPresent();
        this.scratches = new ScratchPool<>(
                code.<Supplier<Scratch>>map(each -> () -> natively(each)).orElse(Worker::new));
    }

    private Scratch natively(F16Attention code) {
        F16Attention.Worker worker = code.worker(headSize, queriesPerHead).orElseThrow();
        return (pages, layer, kvHead, tokens, firstPosition, queries, out, at) -> worker.attend(
                pages.memory(),
                cache.keysAt(layer, kvHead, 0),
                cache.valuesAt(layer, kvHead, 0),
                cache.pageBlocks(),
                tokens,
                firstPosition,
                scale,
                queries,
                out,
                at,
                querySize);
    }

    /** Whether native code computes it. */
    boolean isNative() {
        return isNative;
    }

    /** The number of tokens that share one read of the cache: many, but such that all threads have work. */
    static int tokensTogether(ModelConfig config, int batch, int threads) {
        int tokens = MOST_TOGETHER;
        while (tokens > LEAST_TOGETHER && Math.ceilDiv(batch, tokens) * config.kvHeads() < UNITS_PER_THREAD * threads) {
            tokens /= 2;
        }
        return tokens;
    }

    /**
     * Computes the attention of consecutive tokens, for all query heads that share a key/value head.
     *
     * @param pages the pages of their sequence
     * @param firstToken the first token's index in the batch
     * @param tokens number of tokens, at most {@code together}
     * @param firstPosition the position of the first token
     * @param queries the queries of the batch, rounded by the cache
     * @param out receives the results of the batch
     */
    void apply(
            PageTable pages,
            int layer,
            int kvHead,
            int firstToken,
            int tokens,
            int firstPosition,
            float[] queries,
            float[] out) {
        int most = Math.max(1, MOST_SCORES / (queriesPerHead * Math.ceilDiv(firstPosition + tokens, BLOCK) * BLOCK));
        Scratch scratch = scratches.take();
        for (int i = 0; i < tokens; i += most) {
            scratch.attend(
                    pages,
                    layer,
                    kvHead,
                    Math.min(most, tokens - i),
                    firstPosition + i,
                    queries,
                    out,
                    queriesAt(firstToken + i, kvHead));
        }
        scratches.giveBack(scratch);
    }

    /** Where a token's queries for a key/value head start. */
    private int queriesAt(int token, int kvHead) {
        return token * querySize + kvHead * queriesPerHead * headSize;
    }

    /**
     * The scratch memory of a thread. A row is a query of a token; rows are in the order of tokens, then of queries.
     */
    private final class Worker implements Scratch {

        /** A block of keys or values. Keys have zeros at their end if the head is filled up. */
        private final float[] block = new float[BLOCK * filledSize];

        private final float[] rowsOfQueries = new float[together * queriesPerHead * filledSize];

        private final float[] sums = new float[together * queriesPerHead * headSize];

        private Code code = Code.plain(cache.type());
        private boolean warm;

        /** The scores of each row, later its probabilities. */
        private float[] scores = {};

        private int stride;
        private int tokens;
        private int firstPosition;

        @Override
        public void attend(
                PageTable pages,
                int layer,
                int kvHead,
                int newTokens,
                int newFirstPosition,
                float[] queries,
                float[] out,
                int at) {
            start(newTokens, newFirstPosition, queries, at);
            scores(pages, layer, kvHead);
            probabilities();
            mix(pages, layer, kvHead);
            finish(out, at);
        }

        private void start(int newTokens, int newFirstPosition, float[] queries, int at) {
            tokens = newTokens;
            firstPosition = newFirstPosition;
            stride = Math.ceilDiv(firstPosition + tokens, BLOCK) * BLOCK + ROW_GAP;
            if (!warm && WarmUp.ATTENTION.get()) {
                warm = true;
                code = Code.best(cache.type());
            }
            int rows = tokens * queriesPerHead;
            if (scores.length < rows * stride) { // grows by pages, not with every block
                scores = new float[rows * (Math.ceilDiv(stride, cache.pagePositions()) * cache.pagePositions())];
            }
            for (int row = 0; row < rows; row++) {
                System.arraycopy(queries, place(at, row), rowsOfQueries, row * filledSize, headSize);
            }
            Arrays.fill(sums, 0, rows * headSize, 0);
        }

        private void scores(PageTable pages, int layer, int kvHead) {
            for (int first = 0; first < stride - ROW_GAP; first += BLOCK) {
                cache.keys(pages.page(first), layer, kvHead, first, block);
                int row = firstToReach(first) * queriesPerHead;
                int rows = tokens * queriesPerHead - row;
                code.products()
                        .dots(
                                rowsOfQueries,
                                row * filledSize,
                                rows,
                                filledSize,
                                block,
                                scores,
                                row * stride + first,
                                stride);
            }
        }

        private void probabilities() {
            for (int row = 0; row < tokens * queriesPerHead; row++) {
                int at = row * stride;
                int positions = firstPosition + row / queriesPerHead + 1;
                code.softmax().apply(scores, at, positions, scale);
                cache.round(scores, at, positions);
            }
        }

        private void mix(PageTable pages, int layer, int kvHead) {
            for (int first = 0; first < stride - ROW_GAP; first += BLOCK) {
                cache.values(pages.page(first), layer, kvHead, first, block);
                if (first + BLOCK <= firstPosition + 1) {
                    addSums(first, 0, tokens, BLOCK);
                    continue;
                }
                for (int token = firstToReach(first); token < tokens; token++) {
                    addSums(first, token, 1, Math.min(BLOCK, firstPosition + token + 1 - first));
                }
            }
        }

        private void addSums(int first, int token, int count, int positions) {
            int row = token * queriesPerHead;
            int rows = count * queriesPerHead;
            int from = row * stride + first;
            code.products().addSums(scores, from, stride, rows, block, positions, headSize, sums, row * headSize);
        }

        private void finish(float[] out, int at) {
            for (int row = 0; row < tokens * queriesPerHead; row++) {
                System.arraycopy(sums, row * headSize, out, place(at, row), headSize);
            }
        }

        /** The index of a row in the batch. */
        private int place(int at, int row) {
            return at + row / queriesPerHead * querySize + row % queriesPerHead * headSize;
        }

        private int firstToReach(int position) {
            return Math.max(0, position - firstPosition);
        }
    }
}
