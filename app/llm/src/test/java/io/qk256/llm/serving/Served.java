package io.qk256.llm.serving;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.LoadOptions;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.selection.KernelSource;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The embedded model, and passes over its weights that a test makes one by one, at a time that the test sets. */
final class Served implements AutoCloseable {

    private static final int MOST_ROUNDS = 100_000;

    final LanguageModel model;
    final Engine engine;
    final Passes passes;
    final AtomicLong nanos = new AtomicLong();
    private final long cacheBound;

    Served(LanguageModel model, Kernel kernel, SchedulerOptions options) {
        this.model = model;
        this.engine = Scheduler.engine(model, kernel, options);
        this.cacheBound = Scheduler.cacheBound(engine, options);
        this.passes = new Passes(engine, model.tokenizer(), options, cacheBound, nanos::get);
    }

    static LanguageModel demo() throws IOException {
        return LanguageModel.of(Fixtures.demo(), LoadOptions.usual());
    }

    static SchedulerOptions options(int threads, int parallel, int context, int piece) {
        return new SchedulerOptions(
                threads, parallel, context, piece, 100, 0, CacheType.F16, Duration.ZERO, Duration.ofSeconds(60));
    }

    /** The kernels that this machine supports, by name. */
    static Map<String, Kernel> kernels() {
        Map<String, Kernel> kernels = new TreeMap<>();
        for (KernelSource source : KernelSource.find()) {
            KernelProvider provider = source.provider().get();
            try {
                kernels.put(provider.name(), provider.open());
            } catch (KernelUnavailableException e) {
                // Not usable on this machine; the others are compared with each other.
            }
        }
        return kernels;
    }

    static Kernel fastest() {
        Map<String, Kernel> kernels = kernels();
        return Stream.of("avx2-native", "avx2-vector", "scalar")
                .flatMap(name -> Stream.ofNullable(kernels.get(name)))
                .findFirst()
                .orElseThrow();
    }

    int[] encode(String text) {
        return model.tokenizer().encode(text, true, false);
    }

    Completion submit(CompletionRequest request, CompletionListener listener) {
        Completion completion = new Completion(request, new Delivery(listener, () -> {}), nanos.get());
        passes.add(completion, completion.mostTokens(engine.context()));
        return completion;
    }

    /** Makes rounds until no job is left. */
    void finish() {
        for (int i = 0; !passes.isIdle(); i++) {
            if (i == MOST_ROUNDS) {
                throw new AssertionError("no end after " + i + " rounds: " + passes.status());
            }
            round();
        }
    }

    /** Makes a round; a listener that lags behind gets the time to catch up. */
    void round() {
        if (!passes.round()) {
            LockSupport.parkNanos(100_000);
        }
        if (engine.cacheBytes() > cacheBound) {
            throw new AssertionError(engine.cacheBytes() + " bytes of keys and values, allowed are " + cacheBound);
        }
    }

    /** What a request gives alone: one sequence, one thread, nothing to reuse, the prompt at once. */
    static Heard.Result alone(LanguageModel model, Kernel kernel, int context, CompletionRequest request) {
        try (Served served = new Served(model, kernel, options(1, 1, context, context))) {
            Heard heard = new Heard();
            served.submit(request, heard);
            served.finish();
            return heard.result();
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
