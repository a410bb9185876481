package io.qk256.app.bench;

import io.qk256.llm.model.BitNetModel;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Session;
import io.qk256.llm.model.SessionOptions;
import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.ParallelKernel;
import java.util.stream.IntStream;

/** Measures how fast a model runs. Which tokens it sees does not matter for that. */
public final class ModelBench {

    /** Tokens of the prompt. */
    public static final int PROMPT = 64;

    private static final int DECODED = 64;
    private static final int STRIDE = 389;

    private final BitNetModel model;
    private final long nanos;
    private final int[] prompt;

    /**
     * Measurements of a model.
     *
     * @param seconds to measure each of prompt and decoding for at least, after as long a warm-up
     */
    public ModelBench(BitNetModel model, double seconds) {
        this.model = model;
        this.nanos = (long) (seconds * 1e9);
        int vocabulary = model.config().vocabulary();
        this.prompt = IntStream.range(0, PROMPT).map(i -> token(i, vocabulary)).toArray();
    }

    /** Measures one kernel with so many threads. */
    public ModelRow measure(String name, Kernel kernel, int threads) {
        double read;
        try (ParallelKernel crew = ParallelKernel.withThreads(kernel, threads)) {
            read = ReadingSpeed.measure(model.bytesPerToken(), crew);
        }
        SessionOptions options = new SessionOptions(threads, PROMPT + DECODED, PROMPT, CacheType.F16);
        try (Session session = model.session(kernel, options)) {
            promptRate(session);
            double promptRate = promptRate(session);
            decodeRate(session);
            double decodeRate = decodeRate(session);
            return new ModelRow(name, threads, model.head(), promptRate, decodeRate, model.bytesPerToken(), read);
        }
    }

    private double promptRate(Session session) {
        long start = System.nanoTime();
        long elapsed;
        long tokens = 0;
        do {
            session.rewind(0);
            session.prompt(prompt);
            tokens += PROMPT;
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return tokens * 1e9 / elapsed;
    }

    private double decodeRate(Session session) {
        long start = System.nanoTime();
        long elapsed;
        int tokens = 0;
        do {
            if (session.position() == session.context()) {
                session.rewind(PROMPT);
            }
            session.decode(token(tokens, model.config().vocabulary()));
            tokens++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return tokens * 1e9 / elapsed;
    }

    private static int token(int i, int vocabulary) {
        return (int) ((long) i * STRIDE % vocabulary);
    }
}
