package io.qk256.app.model;

import io.qk256.app.files.GgufException;
import io.qk256.app.files.GgufFile;
import io.qk256.spi.Kernel;
import java.lang.foreign.Arena;

/**
 * The weights of a BitNet model in memory: ternary ones repacked for kernels, the embedding where the file has it. Immutable and
 * thread-safe; any number of sessions may use it at once.
 *
 * <pre>{@code
 * try (GgufFile file = GgufFile.open(path);
 *         BitNetModel model = BitNetModel.load(file, HeadType.STORED, LoadListener.NONE);
 *         Session session = model.session(kernel, SessionOptions.withThreads(2))) {
 *     float[] logits = session.prompt(tokens);
 * }
 * }</pre>
 */
public final class BitNetModel implements AutoCloseable {

    private final Arena arena;
    private final Weights weights;
    private final Reductions reductions;
    private final OutputHead head;

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
        Arena arena = Arena.ofShared();
        try {
            ModelConfig config = ModelConfig.of(file);
            ModelKeys.check(file, config, listener::warned);
            config.assumption(file).ifPresent(listener::warned);
            Weights weights = WeightLoader.load(file, config, arena, listener);
            return of(arena, weights, headType);
        } catch (GgufException | RuntimeException e) {
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
     * Starts a conversation.
     *
     * @param kernel multiplies the ternary weights
     */
    public Session session(Kernel kernel, SessionOptions options) {
        return new Session(weights, reductions, head, kernel, options);
    }

    /** Frees the repacked weights. No session may be open. */
    @Override
    public void close() {
        arena.close();
    }
}
