package io.qk256.llm.generation;

import io.qk256.gguf.GgufFile;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.HeadReadings;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.LoadListener;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.selection.KernelSource;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The embedded model, ready to generate, with the highest-ranked kernel that this machine supports. */
final class Demo implements AutoCloseable {

    final Tokenizer tokenizer;
    final Sequence sequence;
    private final Model model;
    private final Engine engine;

    Demo(HeadType head, int threads) throws IOException {
        this(head, threads, kernels().getFirst());
    }

    Demo(HeadType head, int threads, Kernel kernel) throws IOException {
        GgufFile file = Fixtures.demo();
        tokenizer = Tokenizer.of(file);
        model = Model.load(file, head, LoadListener.NONE);
        engine = model.engine(kernel, EngineOptions.withThreads(threads));
        sequence = engine.sequence();
    }

    /** The kernels that this machine supports, the highest-ranked first. */
    static List<Kernel> kernels() {
        return KernelSource.find().stream()
                .map(source -> source.provider().get())
                .sorted(Comparator.comparingInt(KernelProvider::rank).reversed())
                .flatMap(provider -> {
                    try {
                        return Stream.of(provider.open());
                    } catch (KernelUnavailableException e) {
                        return Stream.empty();
                    }
                })
                .toList();
    }

    Sequence sequence(int context) {
        return engine.sequence(context);
    }

    HeadReadings readings() {
        return engine.headReadings();
    }

    Generator generator(SamplingOptions options) {
        return new Generator(tokenizer, sequence, new Sampler(options, tokenizer.vocabularySize()));
    }

    int[] encode(String text) {
        return tokenizer.encode(text, true, false);
    }

    @Override
    public void close() {
        engine.close();
        model.close();
    }
}
