package io.qk256.llm.model;

import io.qk256.llm.model.Attention.Code;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Supplies plain code until vector code, which gives the same bits, is compiled. Until then the JVM interprets vector
 * code, and plain code is far faster, so the first token does not wait. Once per process, a separate thread calls the
 * vector code until the JVM has compiled it. This takes processor time that short work does not pay back, so it starts
 * only when longer work is expected. Thread-safe.
 *
 * @param <T> the code, or what selects it
 */
final class WarmUp<T> implements Supplier<T> {

    /** From this many tokens on, attention takes enough time to be worth a warm-up. */
    private static final int LONG_PROMPT = 64;

    /**
     * The same for tokens that come one by one, of one text or of many: the sum of their positions, in whole blocks, as
     * attention reads them. A text reaches it with 166 tokens, eight short ones at once after 64 passes. By then, plain
     * attention has cost as much processor time as a warm-up.
     */
    private static final long MANY_POSITIONS = 1 << 14;

    private static final AtomicLong ATTENDED = new AtomicLong();

    static final WarmUp<Reductions> SUMS = new WarmUp<>(new PlainReductions(), WarmUp::sums);

    /**
     * Whether {@link Code#best} is faster by now; each thread needs its own code. {@link Exponentials} are compiled with it.
     */
    static final WarmUp<Boolean> ATTENTION = new WarmUp<>(false, WarmUp::attention);

    private final Supplier<T> compiled;
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile T current;

    /**
     * Creates a warm-up.
     *
     * @param plain supplied until the vector code is compiled
     * @param compiled loads the vector classes, which takes long, and returns once they are compiled
     */
    WarmUp(T plain, Supplier<T> compiled) {
        this.current = plain;
        this.compiled = compiled;
    }

    /** The fastest code at this time. */
    @Override
    public T get() {
        return current;
    }

    /** Starts the warm-up unless it was started before. */
    void start() {
        if (!started.get() && started.compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("qk256-warm-up").start(() -> current = compiled.get());
        }
    }

    /**
     * Starts the warm-ups that pay off for tokens about to be computed.
     *
     * @param usesVectors whether there is use for {@link #ATTENTION}
     */
    static void beforeTokens(boolean usesVectors, int count, int position) {
        if (count >= LONG_PROMPT) {
            SUMS.start();
        }
        if (usesVectors && (count >= LONG_PROMPT || isMuch(ATTENDED, count, position))) {
            ATTENTION.start();
        }
    }

    /** Adds tokens to the sum of positions; returns whether it is worth a warm-up of attention by now. */
    static boolean isMuch(AtomicLong attended, int count, int position) {
        long blocks = Math.ceilDiv(position + count, KvCache.BLOCK);
        return attended.addAndGet(count * blocks * KvCache.BLOCK) >= MANY_POSITIONS;
    }

    /** Starts the warm-ups that pay off for tokens that will follow. */
    static void afterTokens() {
        SUMS.start();
    }

    /** Returns the fastest sums on this JVM, once they are compiled. */
    static Reductions sums() {
        Reductions sums = Reductions.best();
        float[] x = new float[1024];
        float sum = 0;
        for (int i = 0; i < 700; i++) {
            sum += sums.dot(x, 0, x, 0, x.length);
            sum += sums.absMax(x, 0, x.length);
            sum += (float) sums.sumOfSquares(x, 0, x.length);
        }
        if (sum != 0) {
            throw new AssertionError("sums over zeros are " + sum);
        }
        return sums;
    }

    private static boolean attention() {
        Code code = Code.best(CacheType.F16);
        int rows = 4;
        int size = 4 * BlockProducts.LANES;
        float[] x = new float[rows * size];
        float[] block = new float[BlockProducts.LANES * size];
        float[] row = new float[256];
        for (int i = 0; i < 800; i++) {
            code.products().dots(x, 0, rows - 1, size, block, x, 0, size);
            code.products().addSums(x, 0, size, rows, block, 2 * rows, size, x, 0);
        }
        for (int i = 0; i < 800; i++) {
            code.softmax().apply(row, 0, row.length, 1);
        }
        return true;
    }
}
