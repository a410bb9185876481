package io.qk256.llm.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Computes one vector for each of some texts, one pass over the weights at a time: a pass has the tokens of several
 * texts, and a long text is computed in several passes. The vectors are the same to the bit in whatever pieces they are
 * computed. Between passes the engine can be used for other things. For one thread at a time, that of the engine.
 */
public final class Embeddings implements AutoCloseable {

    private final Engine engine;
    private final Batch batch;
    private final Graph graph;
    private final KvCache cache;
    private final List<int[]> texts;
    private final Pooling pooling;
    private final List<double[]> sums = new ArrayList<>();

    /** Texts with tokens in this pass. */
    private final List<Started> inPass = new ArrayList<>();

    /**
     * Prepares the computation.
     *
     * @param texts the tokens of each text, one or more
     * @param pooling not {@link Pooling#NONE}
     */
    Embeddings(Engine engine, Batch batch, Graph graph, KvCache cache, List<int[]> texts, Pooling pooling) {
        this.engine = engine;
        this.batch = batch;
        this.graph = graph;
        this.cache = cache;
        this.texts = texts;
        this.pooling = pooling;
    }

    /** A text whose first tokens have been added. */
    private static final class Started {

        final int[] tokens;
        final int length;
        final PageTable pages;
        final double[] sum;
        int added;

        Started(int[] tokens, int length, PageTable pages, double[] sum) {
            this.tokens = tokens;
            this.length = length;
            this.pages = pages;
            this.sum = sum;
        }

        boolean isComplete() {
            return added == length;
        }
    }

    /** Whether all vectors are there. */
    public boolean isDone() {
        return sums.size() == texts.size() && inPass.isEmpty();
    }

    /**
     * Makes a pass with the next tokens.
     *
     * @param mostTokens the most tokens, 1 or more; the engine's batch is a limit as well
     * @param mostBytes the most bytes of keys and values of the texts in this pass; one text is computed in any case
     * @return the number of tokens
     * @throws IllegalStateException if a call is in progress, or the engine is closed
     * @throws NotFiniteException if a computed value is not finite; nothing more can be computed then
     */
    public int advance(int mostTokens, long mostBytes) {
        return engine.get(() -> {
            boolean complete = false;
            try {
                int columns = fill(Math.min(mostTokens, batch.capacity()), mostBytes);
                if (columns > 0) {
                    WarmUp.beforeTokens(graph.usesVectors(), columns, inPass.getFirst().added);
                    graph.run();
                    pool();
                    giveBack();
                    WarmUp.afterTokens();
                }
                complete = true;
                return columns;
            } finally {
                batch.clear();
                if (!complete) {
                    release();
                }
            }
        });
    }

    /**
     * Returns the vectors, each of length 1.
     *
     * @throws IllegalStateException if they are not {@linkplain #isDone there}
     */
    public float[][] vectors() {
        if (!isDone()) {
            throw new IllegalStateException("embeddings: not all have been computed");
        }
        float[][] vectors = new float[texts.size()][];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = ofLengthOne(sums.get(i));
        }
        return vectors;
    }

    /**
     * Gives up what is in progress, and its memory. Closing again does nothing, nor does closing after the engine, which
     * has freed that memory.
     *
     * @throws IllegalStateException if a call is in progress
     */
    @Override
    public void close() {
        if (!inPass.isEmpty() && !engine.isClosed()) {
            engine.run(this::release);
        }
    }

    private void release() {
        inPass.forEach(text -> text.pages.shrink(0));
        inPass.clear();
        sums.clear(); // Some are those of a part of their text.
    }

    /** Puts the next tokens in the batch, and returns how many. */
    private int fill(int limit, long mostBytes) {
        batch.clear();
        long bytes = 0;
        if (!inPass.isEmpty()) {
            add(inPass.getFirst(), limit);
            bytes = engine.cacheBytesOf(inPass.getFirst().length);
        }
        while (sums.size() < texts.size() && batch.columns() < limit) {
            Started text = start(texts.get(sums.size()));
            bytes += engine.cacheBytesOf(text.length);
            if (bytes > mostBytes && !inPass.isEmpty()) {
                break;
            }
            inPass.add(text);
            sums.add(text.sum);
            add(text, limit);
        }
        return batch.columns();
    }

    /** As attention is causal, the state of the first token does not depend on the others. */
    private Started start(int[] tokens) {
        int length = pooling == Pooling.FIRST ? 1 : tokens.length;
        double[] sum = new double[graph.output().length()];
        return new Started(tokens, length, new PageTable(cache), sum);
    }

    private void add(Started text, int limit) {
        int from = text.added;
        int count = Math.min(text.length - from, limit - batch.columns());
        text.pages.reserve(from, from + count);
        text.added += count;
        int wanted = pooling == Pooling.MEAN ? count : text.isComplete() ? 1 : 0;
        batch.add(text.tokens, from, count, text.pages, from, wanted);
    }

    /** Adds the wanted states to their texts. A mean needs no division, as only the direction of the sum matters. */
    private void pool() {
        Columns states = graph.output();
        int text = 0;
        for (int column = 0; column < batch.columns(); column++) {
            while (inPass.get(text).pages != batch.table(column)) {
                text++;
            }
            double[] sum = inPass.get(text).sum;
            for (int i = 0; i < sum.length; i++) {
                sum[i] += states.values()[states.at(column) + i];
            }
        }
    }

    private void giveBack() {
        for (Started text : inPass) {
            if (text.isComplete()) {
                text.pages.shrink(0);
            }
        }
        inPass.removeIf(Started::isComplete);
    }

    private static float[] ofLengthOne(double[] x) {
        double squares = 0;
        for (double value : x) {
            squares += value * value;
        }
        double length = squares == 0 ? 1 : Math.sqrt(squares);
        float[] vector = new float[x.length];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (x[i] / length);
        }
        return vector;
    }
}
