package io.qk256.llm.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Computes one vector for each of some texts, in as few passes over the weights as the batch size allows: a pass has
 * the tokens of several texts, and a long text is computed in several passes. For one thread at a time.
 */
final class Embeddings {

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
    Embeddings(Batch batch, Graph graph, KvCache cache, List<int[]> texts, Pooling pooling) {
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

    /**
     * Returns the vectors, each of length 1.
     *
     * @throws NotFiniteException if a computed value is not finite
     */
    float[][] vectors() {
        try {
            while (fill()) {
                graph.run();
                pool();
                giveBack();
            }
        } finally {
            batch.clear();
            inPass.forEach(text -> text.pages.shrink(0));
        }
        float[][] vectors = new float[texts.size()][];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = ofLengthOne(sums.get(i));
        }
        return vectors;
    }

    /** Puts the next tokens in the batch; returns false if there are none. */
    private boolean fill() {
        batch.clear();
        if (!inPass.isEmpty()) {
            add(inPass.getFirst());
        }
        while (sums.size() < texts.size() && batch.columns() < batch.capacity()) {
            Started text = start(texts.get(sums.size()));
            inPass.add(text);
            sums.add(text.sum);
            add(text);
        }
        return batch.columns() > 0;
    }

    /** As attention is causal, the state of the first token does not depend on the others. */
    private Started start(int[] tokens) {
        int length = pooling == Pooling.FIRST ? 1 : tokens.length;
        double[] sum = new double[graph.output().length()];
        return new Started(tokens, length, new PageTable(cache), sum);
    }

    private void add(Started text) {
        int from = text.added;
        int count = Math.min(text.length - from, batch.capacity() - batch.columns());
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
