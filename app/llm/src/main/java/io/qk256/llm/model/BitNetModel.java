package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The weights of a BitNet model in memory: ternary ones repacked for kernels, the embedding where the file has it. Immutable and
 * thread-safe; any number of engines may use it at once.
 *
 * <pre>{@code
 * try (GgufFile file = WeightFile.open(path);
 *         BitNetModel model = BitNetModel.load(file, HeadType.STORED, LoadListener.NONE);
 *         Engine engine = model.engine(kernel, EngineOptions.withThreads(2))) {
 *     float[] logits = engine.sequence().prompt(tokens);
 * }
 * }</pre>
 */
public final class BitNetModel implements AutoCloseable {

    private final Arena arena;
    private final Weights weights;
    private final Reductions reductions;
    private final OutputHead head;

    /** That are open; once this is closed, {@link #CLOSED}. */
    private final AtomicInteger engines = new AtomicInteger();

    private static final int CLOSED = -1;

    private BitNetModel(Arena arena, Weights weights, Reductions reductions, OutputHead head) {
        this.arena = arena;
        this.weights = weights;
        this.reductions = reductions;
        this.head = head;
    }

    /**
     * Loads a model.
     *
     * @param file to stay open as long as the model is used
     * @param headType how to keep the weights of the last product
     * @param listener hears how far it is
     * @throws GgufException if the file is of another architecture, a value or tensor is missing or wrong, or it
     *     asks for what is not computed here
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the model, whose close() closes it.
    public static BitNetModel load(GgufFile file, HeadType headType, LoadListener listener) throws GgufException {
        return load(file, headType, listener, Arena.ofShared());
    }

    /** Into an arena that becomes the model's own, which closes it, here too if the model cannot be loaded. */
    static BitNetModel load(GgufFile file, HeadType headType, LoadListener listener, Arena arena) throws GgufException {
        try {
            ModelConfig config = ModelConfig.of(file);
            ModelKeys.check(file, config, listener::warned);
            config.assumption(file).ifPresent(listener::warned);
            Weights weights = WeightLoader.load(file, config, arena, listener);
            return of(arena, weights, headType);
        } catch (GgufException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** A model of weights that are in memory already; closing it closes the arena. */
    static BitNetModel of(Arena arena, Weights weights, HeadType headType) {
        Reductions reductions = new WarmingReductions();
        OutputHead head = Heads.of(headType, reductions, weights.output(), arena);
        return new BitNetModel(arena, weights, reductions, head);
    }

    /** The shape. */
    public ModelConfig config() {
        return weights.config();
    }

    /** How the weights of the last product are kept, for people. */
    public String head() {
        return head.toString();
    }

    /** Bytes of weights that are read for each token that is decoded: every ternary matrix and the head, once. */
    public long bytesPerToken() {
        return weights.layers().stream().mapToLong(Layer::bytes).sum() + head.bytes();
    }

    /**
     * What computes with it.
     *
     * @param kernel multiplies the ternary weights
     * @throws IllegalArgumentException if the batch is too large for arrays
     * @throws IllegalStateException if the model is closed, or the system does not give so many threads
     * @throws OutOfMemoryError if there is not so much memory
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the engine, whose close() closes it.
    public Engine engine(Kernel kernel, EngineOptions options) {
        return engine(kernel, options, Arena.ofShared());
    }

    /** With an arena that becomes the engine's own, which closes it, here too if the engine cannot be made. */
    Engine engine(Kernel kernel, EngineOptions options, Arena arena) {
        if (engines.getAndUpdate(open -> open == CLOSED ? CLOSED : open + 1) == CLOSED) {
            arena.close();
            throw new IllegalStateException("model: it is closed; load it again");
        }
        boolean made = false;
        try {
            Engine engine = new Engine(arena, weights, reductions, head, kernel, options, engines::decrementAndGet);
            made = true;
            return engine;
        } finally {
            if (!made) {
                engines.decrementAndGet();
            }
        }
    }

    /**
     * Frees the repacked weights. Closing again does nothing.
     *
     * @throws IllegalStateException if an engine is open, as its kernel may be reading them; nothing is closed then
     */
    @Override
    public void close() {
        int open = engines.compareAndExchange(0, CLOSED);
        if (open > 0) {
            throw new IllegalStateException("model: " + open + (open == 1 ? " engine is" : " engines are")
                    + " open; close first what reads its weights");
        }
        if (open == 0) {
            arena.close();
        }
    }
}
