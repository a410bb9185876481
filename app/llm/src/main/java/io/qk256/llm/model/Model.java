package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.spi.Kernel;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model in memory: ternary weights repacked for kernels, the embedding in place in the mapped file.
 * Immutable and thread-safe; any number of engines may use it at once.
 *
 * <pre>{@code
 * try (GgufFile file = WeightFile.open(path);
 *         Model model = Model.load(file, HeadType.STORED, LoadListener.NONE);
 *         Engine engine = model.engine(kernel, EngineOptions.withThreads(2))) {
 *     float[] logits = engine.sequence().prompt(tokens);
 * }
 * }</pre>
 */
public final class Model implements AutoCloseable {

    private final Arena arena;
    private final Weights weights;
    private final OutputHead head;

    /** The number of open engines, or {@link #CLOSED} once this is closed. */
    private final AtomicInteger engines = new AtomicInteger();

    private static final int CLOSED = -1;

    private Model(Arena arena, Weights weights, OutputHead head) {
        this.arena = arena;
        this.weights = weights;
        this.head = head;
    }

    /**
     * Loads a model.
     *
     * @param file the file, which must stay open while the model is in use
     * @param headType how to store the weights of the output head
     * @param listener receives progress and warnings
     * @throws GgufException if the architecture is not supported, a value or tensor is missing or wrong, or the file
     *     requires what is not supported
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the model, whose close() closes it.
    public static Model load(GgufFile file, HeadType headType, LoadListener listener) throws GgufException {
        return load(file, Architectures.KNOWN, headType, listener, HugePages.sharedArena());
    }

    /**
     * Loads a model whose weights stay in the mapped file, the head's too, so that all processes that use the file share
     * one copy of them. Nobody may shorten or overwrite the file meanwhile: native code that reads it would end the JVM.
     *
     * @param file a mapped file of type QK256, which must stay open while the model is in use
     * @param listener receives progress and warnings
     * @throws GgufException as for {@link #load(GgufFile, HeadType, LoadListener)}, and if weights would have to be
     *     copied
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the model, whose close() closes it.
    public static Model loadMapped(GgufFile file, LoadListener listener) throws GgufException {
        Arena arena = Arena.ofShared();
        try {
            Weights weights = weights(file, Architectures.KNOWN, listener, WeightMemory.inPlace());
            return new Model(arena, weights, Heads.inPlace(WarmUp.SUMS, weights, listener));
        } catch (GgufException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Loads a model of one of the {@code known} architectures.
     *
     * @param arena the arena; the model takes ownership and closes it, also if loading fails
     */
    static Model load(GgufFile file, List<Architecture> known, HeadType headType, LoadListener listener, Arena arena)
            throws GgufException {
        try {
            Weights weights = weights(file, known, listener, WeightMemory.repackedInto(arena));
            return new Model(arena, weights, Heads.checked(headType, WarmUp.SUMS, weights, arena, listener));
        } catch (GgufException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** Reads keys and weights, without creating a head, which checks the matrix of the head. */
    static Weights weights(GgufFile file, List<Architecture> known, LoadListener listener, WeightMemory memory)
            throws GgufException {
        ModelKeys keys = new ModelKeys(file, listener::warned);
        Architecture architecture = Architectures.of(file, known);
        ModelConfig config = config(architecture, keys, file);
        keys.requireNothingElse(config);
        return WeightLoader.load(file, architecture, config, memory, listener);
    }

    private static ModelConfig config(Architecture architecture, ModelKeys keys, GgufFile file) throws GgufException {
        try {
            return architecture.config(keys);
        } catch (IllegalArgumentException e) {
            throw new GgufException(
                    file.name() + ": " + e.getMessage() + "; the file is damaged, or the model is not supported");
        }
    }

    /** Returns a model of weights that are already in memory; closing it closes the arena. */
    static Model of(Arena arena, Weights weights, HeadType headType) {
        return new Model(arena, weights, Heads.of(headType, WarmUp.SUMS, weights, arena));
    }

    /** The shape of the model. */
    public ModelConfig config() {
        return weights.config();
    }

    /** How the weights of the output head are stored, for display. */
    public String head() {
        return head.toString();
    }

    /** The bytes of weights read per decoded token: every matrix of the layers and the head, once. */
    public long bytesPerToken() {
        return weights.layerBytes() + head.bytes();
    }

    /**
     * Creates an engine for this model.
     *
     * @param kernel the kernel that multiplies the ternary weights
     * @throws IllegalArgumentException if the batch is too large for arrays
     * @throws IllegalStateException if the model is closed, or the system cannot create that many threads
     * @throws OutOfMemoryError if there is not enough memory
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the engine, whose close() closes it.
    public Engine engine(Kernel kernel, EngineOptions options) {
        return engine(kernel, options, null, Arena.ofShared());
    }

    /**
     * Creates an engine that measures where its time goes.
     *
     * @param account receives the measurements; for this engine only
     * @throws IllegalArgumentException if the batch is too large for arrays
     * @throws IllegalStateException if the model is closed, or the system cannot create that many threads
     * @throws OutOfMemoryError if there is not enough memory
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the engine, whose close() closes it.
    public Engine engine(Kernel kernel, EngineOptions options, Account account) {
        return engine(kernel, options, account, Arena.ofShared());
    }

    /** As above, with an arena that the engine takes over and closes, also if creation fails. */
    Engine engine(Kernel kernel, EngineOptions options, Arena arena) {
        return engine(kernel, options, null, arena);
    }

    private Engine engine(Kernel kernel, EngineOptions options, @Nullable Account account, Arena arena) {
        if (engines.getAndUpdate(open -> open == CLOSED ? CLOSED : open + 1) == CLOSED) {
            arena.close();
            throw new IllegalStateException("model: it is closed; load it again");
        }
        boolean made = false;
        try {
            Engine engine =
                    new Engine(arena, weights, WarmUp.SUMS, head, kernel, options, account, engines::decrementAndGet);
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
     * @throws IllegalStateException if an engine is open, as its kernel may be reading the weights; nothing is closed
     *     then
     */
    @Override
    public void close() {
        int open = engines.compareAndExchange(0, CLOSED);
        if (open > 0) {
            throw new IllegalStateException("model: " + open + (open == 1 ? " engine is" : " engines are")
                    + " open; close first whatever reads its weights");
        }
        if (open == 0) {
            arena.close();
        }
    }
}
