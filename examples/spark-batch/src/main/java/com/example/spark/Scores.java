package com.example.spark;

import io.qk256.llm.generation.Perplexity;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.NotFiniteException;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.Tokenizer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * Measures how well the model predicts each text and its end. A pass over the weights has many tokens of one text, so texts take
 * turns.
 */
final class Scores extends RowEngine {

    private final Engine engine;
    private final int context;

    Scores(Loaded loaded, Options options) {
        super(loaded);
        this.context = options.context() == 0 ? loaded.model().config().contextLength() : options.context();
        this.engine = loaded.model()
                .engine(
                        loaded.kernel(),
                        new EngineOptions(
                                options.threads(), context, EngineOptions.DEFAULT_BATCH, CacheType.F16));
    }

    @Override
    Iterator<Result> results(Iterator<InputRow> rows) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Result next() {
                return score(rows.next());
            }
        };
    }

    private Result score(InputRow row) {
        if (row.problem() != null) {
            return loaded.failed(row, row.problem());
        }
        if (row.text().isBlank()) {
            return loaded.failed(row, "the text is blank");
        }
        Tokenizer tokenizer = loaded.model().tokenizer();
        int[] text = tokenizer.encode(row.text(), false, false);
        if (text.length >= context) {
            return loaded.failed(
                    row,
                    "the text has " + text.length + " tokens, expected at most " + (context - 1)
                            + ", as it and its end must fit in the context; shorten it");
        }
        int[] predicted = Arrays.copyOf(text, text.length + 1);
        predicted[text.length] = tokenizer.endOfText();
        int begin = tokenizer.beginOfText().orElse(tokenizer.endOfText());
        synchronized (engine) {
            try (Sequence sequence = engine.sequence()) {
                double nats = Perplexity.measure(sequence, begin, List.of(predicted), (done, total, soFar) -> {})
                        .natsPerToken();
                return new Result(
                        row.key(), null, predicted.length, nats, null, loaded.kernelName(), loaded.hash(), null);
            } catch (NotFiniteException e) {
                return loaded.failed(row, e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        engine.close();
        super.close();
    }
}
