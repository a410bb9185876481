package io.qk256.llm.model;

import java.util.Arrays;

/**
 * Causal grouped-query attention: {@code out = softmax(q . k / sqrt(headSize)) . v} over the positions up to the
 * token's own; consecutive query heads share a key/value head. Scores, exponentials and results are f32, the sum of
 * exponentials f64. With an f16 cache, queries and probabilities are rounded to f16, as in ggml, where they are
 * operands of an f16 product.
 *
 * <p>Scores are summed in the order of {@link Reductions#dot}, results block by block in the order of positions.
 * Different (tokens, key/value head) pairs may be computed by different threads at once.
 */
final class Attention {

    /**
     * Tokens that share one read of the cache; more would need more scratch memory and leave less work for other
     * threads.
     */
    static final int TOKENS_AT_ONCE = 16;

    private static final int BLOCK = KvCache.BLOCK;

    /**
     * The code that a thread computes with.
     *
     * @param products products with blocks of keys and values
     * @param softmax the softmax of scores
     */
    record Code(BlockProducts products, Softmax softmax) {

        static Code plain() {
            return new Code(new PlainBlockProducts(), new PlainSoftmax());
        }

        /** Returns the fastest code on this JVM. */
        static Code best() {
            return Reductions.vectorsAreFast() ? new Code(new VectorBlockProducts(), new VectorSoftmax()) : plain();
        }
    }

    private final KvCache cache;
    private final int queriesPerHead;
    private final int headSize;

    /** The head's size, filled up with zeros to a whole number of {@link Reductions#LANES}, which change no sum. */
    private final int filledSize;

    private final int querySize;
    private final float scale;
    private final ScratchPool<Worker> workers = new ScratchPool<>(Worker::new);

    Attention(ModelConfig config, KvCache cache) {
        this.cache = cache;
        this.queriesPerHead = config.heads() / config.kvHeads();
        this.headSize = config.headSize();
        this.filledSize = Reductions.padded(headSize);
        this.querySize = config.heads() * headSize;
        this.scale = 1 / (float) Math.sqrt(headSize);
    }

    /**
     * Computes the attention of consecutive tokens, for all query heads that share a key/value head.
     *
     * @param pages the pages of their sequence
     * @param firstToken the first token's index in the batch
     * @param tokens number of tokens, at most {@link #TOKENS_AT_ONCE}
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
        Worker worker = workers.take();
        worker.start(tokens, firstPosition);
        int at = firstToken * querySize + kvHead * queriesPerHead * headSize;
        worker.scores(pages, layer, kvHead, queries, at);
        worker.probabilities();
        worker.mix(pages, layer, kvHead, out, at);
        workers.giveBack(worker);
    }

    /**
     * The scratch memory of a thread: a block of keys or values, and a row of scores, later probabilities, for each
     * query.
     */
    private final class Worker {

        private final short[] halves = new short[BLOCK * headSize];

        /** A block of keys has zeros at its end if the head is filled up. */
        private final float[] block = new float[BLOCK * filledSize];

        private final float[] filled = new float[filledSize];
        private Code code = Code.plain();
        private boolean warm;
        private float[] scores = {};
        private int stride;
        private int tokens;
        private int firstPosition;

        void start(int newTokens, int newFirstPosition) {
            tokens = newTokens;
            firstPosition = newFirstPosition;
            stride = Math.ceilDiv(firstPosition + tokens, BLOCK) * BLOCK;
            if (!warm && WarmUp.ATTENTION.get()) {
                warm = true;
                code = Code.best();
            }
            int rows = tokens * queriesPerHead;
            if (scores.length < rows * stride) { // grows by pages, not with every block
                scores = new float[rows * Math.ceilDiv(stride, cache.pagePositions()) * cache.pagePositions()];
            }
        }

        void scores(PageTable pages, int layer, int kvHead, float[] queries, int at) {
            for (int first = 0; first < stride; first += BLOCK) {
                cache.keys(pages.page(first), layer, kvHead, first, halves, block);
                for (int token = firstToReach(first); token < tokens; token++) {
                    for (int query = 0; query < queriesPerHead; query++) {
                        int from = at + token * querySize + query * headSize;
                        dots(queries, from, row(token, query) + first);
                    }
                }
            }
        }

        private void dots(float[] queries, int from, int to) {
            if (filledSize == headSize) {
                code.products().dots(queries, from, headSize, block, scores, to);
            } else {
                System.arraycopy(queries, from, filled, 0, headSize);
                code.products().dots(filled, 0, filledSize, block, scores, to);
            }
        }

        void probabilities() {
            for (int token = 0; token < tokens; token++) {
                for (int query = 0; query < queriesPerHead; query++) {
                    int at = row(token, query);
                    int positions = firstPosition + token + 1;
                    code.softmax().apply(scores, at, positions, scale);
                    cache.round(scores, at, positions);
                }
            }
        }

        void mix(PageTable pages, int layer, int kvHead, float[] out, int at) {
            for (int token = 0; token < tokens; token++) {
                int to = at + token * querySize;
                Arrays.fill(out, to, to + queriesPerHead * headSize, 0);
            }
            for (int first = 0; first < stride; first += BLOCK) {
                cache.values(pages.page(first), layer, kvHead, first, halves, block);
                for (int token = firstToReach(first); token < tokens; token++) {
                    int count = Math.min(BLOCK, firstPosition + token + 1 - first);
                    int from = row(token, 0) + first;
                    int to = at + token * querySize;
                    code.products().addSums(scores, from, stride, queriesPerHead, block, count, headSize, out, to);
                }
            }
        }

        private int firstToReach(int position) {
            return Math.max(0, position - firstPosition);
        }

        private int row(int token, int query) {
            return (token * queriesPerHead + query) * stride;
        }
    }
}
