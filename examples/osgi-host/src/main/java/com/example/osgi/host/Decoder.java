package com.example.osgi.host;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.LoadOptions;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.ModelShape;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.model.SyntheticModel;
import io.qk256.spi.Kernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Decodes the same text over and over in a thread of its own, while other threads exchange the kernel, and compares each round
 * with the first one to the bit.
 */
final class Decoder {

    private static final int[] PROMPT = {1, 2, 3, 4, 5, 6, 7, 8};
    private static final int ROUND = 32;

    private final AutoCloseable opened;
    private final Engine engine;
    private final Thread thread;
    private final List<int[]> first = new ArrayList<>();

    private volatile boolean end;
    private volatile Throwable failure;
    private volatile String kernel;
    private volatile Class<?> type;
    private volatile long tokens;
    private volatile long exchanges;
    private long differences;
    private long longestUse;

    /** Nanoseconds of each token, by kernel, and of each token during which that kernel came into use. */
    private final Map<String, List<Long>> plain = new LinkedHashMap<>();

    private final Map<String, List<Long>> withExchange = new LinkedHashMap<>();

    /**
     * Starts to decode.
     *
     * @param model a GGUF file, or the name of a shape, which is filled with random weights
     */
    Decoder(String model, int threads, String name, Kernel kernel) throws IOException {
        EngineOptions options = EngineOptions.withThreads(threads);
        Optional<ModelShape> shape = ModelShape.find(model);
        if (shape.isPresent()) {
            Model made = SyntheticModel.of(shape.get().config(), HeadType.INT8, 1);
            opened = made;
            engine = made.engine(kernel, options);
        } else {
            LanguageModel loaded = LanguageModel.open(Path.of(model), LoadOptions.usual());
            opened = loaded;
            engine = loaded.engine(kernel, options);
        }
        this.kernel = name;
        this.type = kernel.getClass();
        thread = Thread.ofPlatform().daemon().name("decoder").start(this::run);
    }

    /** Whether this is another kernel than the one in use: another class, or the same one from another class loader. */
    boolean isNew(Kernel other) {
        return other.getClass() != type;
    }

    /** Exchanges the kernel under the running model. */
    void use(String name, Kernel other) {
        long start = System.nanoTime();
        engine.use(other);
        longestUse = Math.max(longestUse, System.nanoTime() - start);
        kernel = name;
        type = other.getClass();
        exchanges++;
    }

    /** Waits until so many more tokens have been decoded. */
    void await(int more) throws InterruptedException {
        for (long until = tokens + more; tokens < until && failure == null; ) {
            Thread.sleep(1);
        }
        if (failure != null) {
            throw new IllegalStateException("decoding has failed", failure);
        }
    }

    private void run() {
        try (Sequence sequence = engine.sequence()) {
            while (!end) {
                sequence.rewind(0);
                float[] logits = sequence.prompt(PROMPT);
                for (int i = 0; i < ROUND && !end; i++) {
                    compare(i, logits);
                    long earlier = exchanges;
                    long start = System.nanoTime();
                    logits = sequence.decode(best(logits));
                    long nanos = System.nanoTime() - start;
                    (exchanges == earlier ? plain : withExchange)
                            .computeIfAbsent(kernel, name -> new ArrayList<>())
                            .add(nanos);
                    tokens++;
                }
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    private void compare(int i, float[] logits) {
        int[] bits = new int[logits.length];
        for (int j = 0; j < bits.length; j++) {
            bits[j] = Float.floatToRawIntBits(logits[j]);
        }
        if (i == first.size()) {
            first.add(bits);
        } else if (!Arrays.equals(first.get(i), bits)) {
            differences++;
        }
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    /** Ends decoding. Returns what was decoded, and how long an exchange kept it waiting. */
    String stop() throws InterruptedException {
        end = true;
        thread.join();
        if (failure != null) {
            throw new IllegalStateException("decoding has failed", failure);
        }
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "tokens=%d different=%d exchanges=%d; Engine.use: %.3f ms at most%n",
                tokens,
                differences,
                exchanges,
                longestUse / 1e6));
        plain.forEach((name, nanos) -> {
            List<Long> changed = withExchange.getOrDefault(name, List.of());
            text.append(String.format(
                    Locale.ROOT,
                    "%-12s %6d tokens, median %.2f ms; %d exchanges to it, the token meanwhile: median %.2f ms, longest"
                            + " %.2f ms%n",
                    name,
                    nanos.size(),
                    quantile(nanos, 0.5),
                    changed.size(),
                    quantile(changed, 0.5),
                    quantile(changed, 1)));
        });
        return text.toString();
    }

    private static double quantile(List<Long> nanos, double part) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return sorted.length == 0 ? 0 : sorted[(int) (part * (sorted.length - 1))] / 1e6;
    }

    /** Ends decoding and frees the model. */
    void close() throws Exception {
        end = true;
        thread.join();
        engine.close();
        opened.close();
    }
}
