package com.example.spark;

import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.NotFiniteException;
import io.qk256.llm.model.Pooling;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;

/** Computes a vector for each text, several texts in a pass over the weights. */
final class Vectors extends RowEngine {

    private static final int TEXTS_AT_ONCE = 32;

    private final Engine engine;
    private final int context;
    private final Pooling pooling;

    /** If the model does not say how the states of a text become one vector, it is their mean. */
    Vectors(Loaded loaded, Options options) {
        super(loaded);
        Pooling ofModel = loaded.model().config().pooling();
        this.pooling = ofModel == Pooling.NONE ? Pooling.MEAN : ofModel;
        this.context = options.context() == 0 ? loaded.model().config().contextLength() : options.context();
        this.engine = loaded.model()
                .engine(
                        loaded.kernel(),
                        new EngineOptions(
                                options.threads(), context, EngineOptions.DEFAULT_BATCH, CacheType.F16));
    }

    @Override
    Iterator<Result> results(Iterator<InputRow> rows) {
        Queue<Result> done = new ArrayDeque<>();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return !done.isEmpty() || rows.hasNext();
            }

            @Override
            public Result next() {
                if (done.isEmpty()) {
                    List<InputRow> some = new ArrayList<>();
                    while (some.size() < TEXTS_AT_ONCE && rows.hasNext()) {
                        some.add(rows.next());
                    }
                    done.addAll(embed(some));
                }
                return done.remove();
            }
        };
    }

    private List<Result> embed(List<InputRow> rows) {
        List<Result> results = new ArrayList<>();
        List<int[]> texts = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        for (InputRow row : rows) {
            int[] tokens = row.problem() == null ? loaded.model().tokensToEmbed(row.text()) : new int[0];
            if (row.problem() != null) {
                results.add(loaded.failed(row, row.problem()));
            } else if (tokens.length == 0 || tokens.length > context) {
                results.add(loaded.failed(
                        row, "the text has " + tokens.length + " tokens, expected 1 to " + context + ", the context"));
            } else {
                places.add(results.size());
                texts.add(tokens);
                results.add(null);
            }
        }
        synchronized (engine) {
            compute(rows, texts, places, results);
        }
        return results;
    }

    /** If a computed value is not finite, the texts are tried one by one, so that only the one that caused it fails. */
    private void compute(List<InputRow> rows, List<int[]> texts, List<Integer> places, List<Result> results) {
        try {
            float[][] vectors = texts.isEmpty() ? new float[0][] : engine.embed(texts, pooling);
            for (int i = 0; i < vectors.length; i++) {
                String key = rows.get(places.get(i)).key();
                results.set(
                        places.get(i),
                        new Result(
                                key,
                                null,
                                texts.get(i).length,
                                null,
                                vectors[i],
                                loaded.kernelName(),
                                loaded.hash(),
                                null));
            }
        } catch (NotFiniteException e) {
            if (texts.size() == 1) {
                results.set(places.getFirst(), loaded.failed(rows.get(places.getFirst()), e.getMessage()));
                return;
            }
            for (int i = 0; i < texts.size(); i++) {
                compute(rows, texts.subList(i, i + 1), places.subList(i, i + 1), results);
            }
        }
    }

    @Override
    public void close() {
        engine.close();
        super.close();
    }
}
