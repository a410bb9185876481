package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.ParallelKernel;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Computes logits: owns threads, buffers for a batch of tokens, and the KV cache. Any number of {@linkplain Sequence
 * sequences} share an engine, and {@link #step} adds tokens to several of them in one pass over the weights. The logits
 * of a sequence are the same to the bit whatever other sequences are computed with it.
 *
 * <p>For one thread at a time; it has threads of its own, which {@link #close} ends. Close it before its model. A call
 * while another call is in progress, from a listener or from another thread, throws {@link IllegalStateException} and
 * does not disturb the other call; a call after {@code close} throws it as well. Only {@link #use} may be called by any
 * thread at any time.
 */
public final class Engine implements AutoCloseable {

    private static final int TOLD_AT_ONCE = 8;

    private final Weights weights;
    private final HeadProduct head;
    private final EngineKernel kernel;
    private final ParallelKernel threads;
    private final Arena arena;
    private final KvCache cache;
    private final Graph graph;
    private final @Nullable Account account;
    private final Batch batch;
    private final int context;
    private final Set<Sequence> sequences = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Runnable onClose;
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);

    /**
     * The columns whose logits are computed together: their normalized states, and the arrays that receive the logits.
     */
    private final float[][] normalized;

    private final float[][] logits;
    private int headColumns;

    /** Of a single column, how many of the most likely tokens need their logits; 0 for all. */
    private int headBest;

    /** The logits that a listener receives; those of the last column are the sequence's. */
    private final float[][] told = new float[TOLD_AT_ONCE - 1][0];

    /** Holds the step of {@link #addOne}. */
    private final List<Step> one = new ArrayList<>(1);

    private int[] done = new int[1];

    private enum State {
        IDLE,
        WORKING,
        CLOSED
    }

    /**
     * Creates an engine.
     *
     * @param arena the arena; the engine takes ownership and closes it, also if this constructor fails
     * @param onClose run after the engine is closed
     * @throws IllegalArgumentException if the batch is too large for arrays
     * @throws IllegalStateException if the system cannot create that many threads
     * @throws OutOfMemoryError if there is not enough memory
     */
    @SuppressWarnings("MustBeClosedChecker") // The threads live as long as the engine, whose close() ends them.
    Engine(
            Arena arena,
            Weights weights,
            Supplier<Reductions> reductions,
            OutputHead head,
            Kernel kernel,
            EngineOptions options,
            @Nullable Account account,
            Runnable onClose) {
        ModelConfig config = weights.config();
        this.weights = weights;
        this.onClose = onClose;
        this.account = account;
        this.arena = arena;
        this.context = options.context() == 0 ? config.contextLength() : options.context();
        ParallelKernel made = null;
        try {
            int capacity = Math.min(options.batch(), context);
            requireArrays(capacity, Math.max(config.attentionWidth(), Math.max(config.width(), config.feedForward())));
            this.batch = new Batch(capacity, Attention.tokensTogether(config, capacity, options.threads()));
            this.normalized = new float[capacity][0];
            this.logits = new float[capacity][0];
            this.kernel = new EngineKernel(kernel);
            made = ParallelKernel.withThreads(this.kernel, options.threads());
            this.threads = made;
            this.cache = KvCache.of(arena, options.cache(), config, context);
            Crew crew = account == null ? made::forRows : account.over(made::forRows, options.threads());
            this.graph = new Graph(weights, reductions, this.kernel, crew, cache, arena, batch, options, account);
            this.head = head.product(reductions, this.kernel, crew, config.vocabulary(), arena);
        } catch (Throwable e) { // such as an OutOfMemoryError
            if (made != null) {
                made.close();
            }
            arena.close();
            throw e;
        }
    }

    private static void requireArrays(int batch, int width) {
        if ((long) batch * width > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("batch: " + batch + " tokens, expected at most "
                    + Integer.MAX_VALUE / width + " for a model with " + width + " values per token");
        }
    }

    /**
     * Creates a sequence without tokens, with the context length of the engine.
     *
     * @throws IllegalStateException if a call is in progress, or the engine is closed
     */
    public Sequence sequence() {
        return sequence(context);
    }

    /**
     * Creates a sequence without tokens.
     *
     * @param mostTokens the most tokens that it can hold, 1 or more
     * @throws IllegalArgumentException if {@code mostTokens} is less than 1
     * @throws IllegalStateException if a call is in progress, or the engine is closed
     */
    public Sequence sequence(int mostTokens) {
        if (mostTokens < 1) {
            throw new IllegalArgumentException("context: " + mostTokens + ", expected 1 or more");
        }
        return get(() -> register(new Sequence(this, mostTokens, new PageTable(cache))));
    }

    Sequence fork(Sequence original) {
        return get(() -> {
            original.requireOpen();
            Sequence other = register(new Sequence(this, original.context(), new PageTable(cache)));
            other.copyFrom(original);
            return other;
        });
    }

    Sequence fork(Sequence original, int tokens) {
        return get(() -> {
            original.requireOpen();
            original.requirePosition(tokens);
            Sequence other = register(new Sequence(this, original.context(), new PageTable(cache)));
            other.copyFrom(original, tokens);
            return other;
        });
    }

    private Sequence register(Sequence sequence) {
        sequences.add(sequence);
        return sequence;
    }

    void close(Sequence sequence) {
        if (sequence.isClosed()) {
            return;
        }
        run(() -> {
            sequences.remove(sequence);
            sequence.release();
        });
    }

    /**
     * Adds tokens to sequences, in as few passes over the weights as the batch size allows: up to that many sequences
     * can add one token each in a single pass. Afterwards each sequence has {@link Sequence#logits}, unless its step is
     * {@linkplain Sequence#nextWithoutLogits without}.
     *
     * @param steps one or more, each for a different sequence of this engine
     * @throws IllegalArgumentException if a step has no tokens, a token is not in the vocabulary, or a sequence belongs
     *     to another engine or appears twice
     * @throws IllegalStateException if the tokens do not fit in a context, a sequence or the engine is closed, or a
     *     call is in progress; nothing is added then
     * @throws NotFiniteException if a computed value is not finite; nothing is added then
     */
    public void step(List<Step> steps) {
        List<Step> all = List.copyOf(steps);
        run(() -> {
            if (all.size() > 1) {
                requireDistinct(all);
            }
            compute(all, null);
        });
    }

    /** Adds tokens to one sequence; a listener receives the logits after each token. */
    void add(Step step, @Nullable LogitsListener listener) {
        run(() -> compute(List.of(step), listener));
    }

    /** Adds one token without allocating. */
    void addOne(Step step, int token) {
        begin();
        try {
            step.tokens()[0] = token;
            one.add(step);
            compute(one, null);
        } finally {
            one.clear();
            end();
        }
    }

    /**
     * Computes a vector for each of some texts: the states after the last norm, pooled and brought to length 1. Uses no
     * sequence. The vector of a text is the same to the bit whatever texts are computed with it.
     *
     * @param texts the tokens of each text: one or more, at most {@link #context}
     * @param pooling how the states of a text's tokens become one vector
     * @return one vector per text, each with as many numbers as the model is wide
     * @throws IllegalArgumentException if a text has no tokens or too many, a token is not in the vocabulary, or the
     *     pooling is {@link Pooling#NONE}
     * @throws IllegalStateException if a call is in progress, or the engine is closed
     * @throws NotFiniteException if a computed value is not finite
     */
    public float[][] embed(List<int[]> texts, Pooling pooling) {
        try (Embeddings embeddings = embeddings(texts, pooling)) {
            while (!embeddings.isDone()) {
                embeddings.advance(batch.capacity(), Long.MAX_VALUE);
            }
            return embeddings.vectors();
        }
    }

    /**
     * Begins what {@link #embed} does, to be done in pieces.
     *
     * @throws IllegalArgumentException as for {@code embed}
     * @throws IllegalStateException if a call is in progress, or the engine is closed
     */
    public Embeddings embeddings(List<int[]> texts, Pooling pooling) {
        List<int[]> all = List.copyOf(texts);
        if (pooling == Pooling.NONE) {
            throw new IllegalArgumentException("pooling: NONE, expected MEAN, FIRST or LAST");
        }
        return get(() -> {
            for (int[] text : all) {
                requireTokens(text);
                if (text.length > context) {
                    throw new IllegalArgumentException("text: " + text.length + " tokens, expected at most " + context
                            + ", the context of this engine; shorten the text or use a larger context");
                }
            }
            return new Embeddings(this, batch, graph, cache, all, pooling);
        });
    }

    private void requireDistinct(List<Step> steps) {
        Set<Sequence> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Step step : steps) {
            if (!seen.add(step.sequence())) {
                throw new IllegalArgumentException(step.sequence() + ": is in the step twice, expected once");
            }
        }
    }

    private void compute(List<Step> steps, @Nullable LogitsListener listener) {
        if (account == null) {
            computeAll(steps, listener);
            return;
        }
        long start = System.nanoTime();
        computeAll(steps, listener);
        account.add(steps.stream().mapToLong(step -> step.tokens().length).sum(), System.nanoTime() - start);
    }

    private void computeAll(List<Step> steps, @Nullable LogitsListener listener) {
        for (int i = 0; i < steps.size(); i++) {
            require(steps.get(i));
        }
        if (done.length < steps.size()) {
            done = new int[steps.size()];
        }
        for (int i = 0; i < steps.size(); i++) {
            WarmUp.beforeTokens(
                    graph.usesVectors(),
                    steps.get(i).tokens().length,
                    steps.get(i).sequence().position());
            done[i] = 0;
        }
        boolean complete = false;
        try {
            while (fill(steps, listener != null)) {
                graph.run();
                if (listener == null) {
                    logits(steps);
                } else {
                    tell(steps.getFirst(), listener);
                }
            }
            complete = true;
            for (int i = 0; i < steps.size(); i++) {
                if (!steps.get(i).givesLogits()) {
                    steps.get(i).sequence().dropLogits();
                }
            }
        } finally {
            batch.clear();
            for (int i = 0; i < steps.size() && !complete; i++) {
                Sequence sequence = steps.get(i).sequence();
                sequence.takeBack(sequence.position() - done[i]);
            }
        }
        WarmUp.afterTokens();
    }

    private void require(Step step) {
        Sequence sequence = step.sequence();
        if (sequence.engine() != this) {
            throw new IllegalArgumentException(sequence + ": belongs to another engine, expected one of this engine");
        }
        sequence.requireOpen();
        requireTokens(step.tokens());
        sequence.requireRoom(step.tokens().length);
    }

    private void requireTokens(int[] tokens) {
        int vocabulary = weights.config().vocabulary();
        if (tokens.length == 0) {
            throw new IllegalArgumentException("tokens: none, expected one or more");
        }
        for (int token : tokens) {
            if (token < 0 || token >= vocabulary) {
                throw new IllegalArgumentException(
                        "token: " + token + ", expected 0 to " + (vocabulary - 1) + " (the vocabulary)");
            }
        }
    }

    /** Puts the next tokens in the batch; returns false if there are none. */
    private boolean fill(List<Step> steps, boolean all) {
        batch.clear();
        for (int i = 0; i < steps.size() && batch.columns() < batch.capacity(); i++) {
            int[] tokens = steps.get(i).tokens();
            int count = Math.min(tokens.length - done[i], batch.capacity() - batch.columns());
            if (count == 0) {
                continue;
            }
            Sequence sequence = steps.get(i).sequence();
            int position = sequence.position();
            sequence.pages().reserve(position, position + count);
            boolean last = done[i] + count == tokens.length;
            int wanted = all ? count : last && steps.get(i).givesLogits() ? 1 : 0;
            batch.add(tokens, done[i], count, sequence.pages(), position, wanted);
            sequence.take(tokens, done[i], count);
            done[i] += count;
        }
        return batch.columns() > 0;
    }

    /** Computes the logits of each sequence whose last token was in the batch. */
    private void logits(List<Step> steps) {
        headColumns = 0;
        for (int column = 0; column < batch.columns(); column++) {
            Sequence sequence = ofTable(steps, batch.table(column));
            toHead(column, logitsOf(sequence));
            headBest = sequence.best();
        }
        head();
    }

    private static Sequence ofTable(List<Step> steps, PageTable table) {
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i).sequence().pages() == table) {
                return steps.get(i).sequence();
            }
        }
        throw new IllegalArgumentException("a column of no sequence");
    }

    /** Computes the logits of a few columns at a time, so that the head is read once for them. */
    private void tell(Step step, LogitsListener listener) {
        int first = done[0] - batch.columns();
        for (int from = 0; from < batch.columns(); from += TOLD_AT_ONCE) {
            int to = Math.min(from + TOLD_AT_ONCE, batch.columns());
            headColumns = 0;
            for (int column = from; column < to - 1; column++) {
                toHead(column, toTell(column - from));
            }
            toHead(to - 1, logitsOf(step.sequence()));
            headBest = 0;
            head();
            for (int column = from; column < to; column++) {
                listener.accept(first + column, logits[column - from]);
            }
        }
    }

    private float[] toTell(int index) {
        if (told[index].length == 0) {
            told[index] = new float[weights.config().vocabulary()];
        }
        return told[index];
    }

    private float[] logitsOf(Sequence sequence) {
        return sequence.logitsToFill(weights.config().vocabulary());
    }

    private void toHead(int column, float[] out) {
        int width = weights.config().width();
        float[] to = normalized[headColumns];
        if (to.length == 0) {
            to = new float[width];
            normalized[headColumns] = to;
        }
        Columns from = graph.output();
        System.arraycopy(from.values(), from.at(column), to, 0, width);
        logits[headColumns++] = out;
    }

    private void head() {
        if (headColumns == 0) {
            return;
        }
        if (account == null) {
            applyHead();
        } else {
            account.run(Account.Part.HEAD, this::applyHead);
        }
    }

    private void applyHead() {
        if (headColumns == 1 && headBest > 0) {
            head.applyBest(normalized[0], logits[0], headBest);
        } else {
            head.apply(normalized, logits, headColumns);
        }
    }

    /**
     * Runs a task for each number from 0, on the threads of this engine; returns when all are done.
     *
     * @param count how many numbers, 0 or more
     * @param task may run for different numbers at once; an exception of one is thrown here once the others are done
     * @throws IllegalStateException if a call is in progress, or the engine is closed
     */
    public void forEach(int count, IntConsumer task) {
        run(() -> threads.forRows(count, 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                task.accept(i);
            }
        }));
    }

    /** What a {@linkplain HeadType#SCREENED screened} head has read so far; {@link HeadReadings#NONE} of another head. */
    public HeadReadings headReadings() {
        return head.readings();
    }

    /** How sparse the tokens were that were computed alone; counts as long as the engine is open. */
    public Sparsity sparsity() {
        return graph.sparsity();
    }

    /**
     * Exchanges the kernel. May be called at any time by any thread, also while a step is computed: products that are
     * being computed end on the old kernel, and all later ones run on the new one. Since every kernel returns the same
     * bits for the operations that an engine uses, the logits stay the same to the bit. The engine then has no reference
     * to the old kernel.
     *
     * <p>Select and test the new kernel in another thread, and the computation does not wait for it.
     *
     * @param other the kernel that multiplies the ternary weights from now on
     * @throws IllegalStateException if the engine is closed
     */
    public void use(Kernel other) {
        if (isClosed()) {
            throw closed();
        }
        kernel.use(other);
    }

    /** The most tokens of a sequence, unless the sequence was created with another limit. */
    public int context() {
        return context;
    }

    /** The most tokens in one pass over the weights. */
    public int batch() {
        return batch.capacity();
    }

    /** The bytes of the keys and values of all sequences; shared pages count once. */
    public long cacheBytes() {
        return cache.pagesInUse() * cache.pageBytes();
    }

    /** The bytes by which {@link #cacheBytes} grows at most if these tokens are added. */
    public long cacheBytesOf(List<Step> steps) {
        long pages = 0;
        for (Step step : steps) {
            Sequence sequence = step.sequence();
            int position = sequence.position();
            pages += sequence.pages().missing(position, position + step.tokens().length);
        }
        return pages * cache.pageBytes();
    }

    /**
     * The bytes of the keys and values of a sequence that shares none with others. They grow in pages of some hundred
     * tokens.
     *
     * @param tokens the number of tokens, 0 or more
     */
    public long cacheBytesOf(int tokens) {
        return Math.ceilDiv(tokens, cache.pagePositions()) * cache.pageBytes();
    }

    void run(Runnable call) {
        begin();
        try {
            call.run();
        } finally {
            end();
        }
    }

    <T> T get(Supplier<T> call) {
        begin();
        try {
            return call.get();
        } finally {
            end();
        }
    }

    private void begin() {
        switch (state.compareAndExchange(State.IDLE, State.WORKING)) {
            case IDLE -> {}
            case WORKING -> throw underWay();
            case CLOSED -> throw closed();
        }
    }

    boolean isClosed() {
        return state.get() == State.CLOSED;
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("engine: it is closed; make another one");
    }

    private void end() {
        state.set(State.IDLE);
    }

    private static IllegalStateException underWay() {
        return new IllegalStateException(
                "engine: a call is in progress, perhaps the one that this listener belongs to; wait for it to end");
    }

    /**
     * Ends its threads, closes its sequences, and frees their memory. Closing again does nothing.
     *
     * @throws IllegalStateException if a call is in progress; nothing is closed then
     */
    @Override
    public void close() {
        switch (state.compareAndExchange(State.IDLE, State.CLOSED)) {
            case IDLE -> release();
            case WORKING -> throw underWay();
            case CLOSED -> {}
        }
    }

    private void release() {
        try {
            sequences.forEach(Sequence::release);
            sequences.clear();
            threads.close();
        } finally {
            try {
                arena.close();
            } finally {
                onClose.run();
            }
        }
    }

    @Override
    public String toString() {
        return "engine with " + threads + ", " + sequences.size()
                + (sequences.size() == 1 ? " sequence" : " sequences");
    }
}
