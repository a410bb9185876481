package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.spi.parallel.ParallelKernel;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/** Computes the start of a forward pass, for all tokens of a text in one batch with an f32 cache. */
final class Stages {

    private Stages() {}

    /** The end of the model's own computation: the state that the output head multiplies. */
    static float[] end(GgufFile file, int[] tokens) throws GgufException {
        Arena arena = Arena.ofAuto();
        Weights weights = Model.weights(file, Architectures.KNOWN, LoadListener.NONE, WeightMemory.repackedInto(arena));
        return values(run(weights, tokens, arena).output(), tokens.length);
    }

    /** The end of the computation if activations are rounded with one scale per token. */
    static float[] endPerToken(GgufFile file, int[] tokens) throws GgufException {
        Arena arena = Arena.ofAuto();
        Weights all = Model.weights(file, Architectures.KNOWN, LoadListener.NONE, WeightMemory.repackedInto(arena));
        ModelConfig config = all.config().withActivations(Activations.PER_TOKEN);
        Weights weights =
                new Weights(all.architecture(), config, all.dense(), all.ternary(), all.norms(), all.factors());
        return values(run(weights, tokens, arena).output(), tokens.length);
    }

    /**
     * What the first steps of a computation return.
     *
     * @param steps the steps, in the first layer
     */
    static List<float[]> of(GgufFile file, int[] tokens, BiFunction<Graph, ModelConfig, List<Columns>> steps)
            throws GgufException {
        Arena arena = Arena.ofAuto();
        Weights all = Model.weights(file, Architectures.KNOWN, LoadListener.NONE, WeightMemory.repackedInto(arena));
        Probe probe = new Probe(all.architecture(), steps);
        Weights weights = new Weights(probe, all.config(), all.dense(), all.ternary(), all.norms(), all.factors());
        run(weights, tokens, arena);
        return probe.stages.stream()
                .map(columns -> values(columns, tokens.length))
                .toList();
    }

    private static Graph run(Weights weights, int[] tokens, Arena arena) {
        KvCache cache = KvCache.of(arena, CacheType.F32, weights.config(), tokens.length);
        PageTable pages = new PageTable(cache);
        pages.reserve(0, tokens.length);
        Batch batch = new Batch(tokens.length, 16);
        batch.clear();
        batch.add(tokens, 0, tokens.length, pages, 0, tokens.length);
        try (ParallelKernel threads = ParallelKernel.withThreads(Kernels.scalar(), 1)) {
            Graph graph = new Graph(
                    weights,
                    PlainReductions::new,
                    Kernels.scalar(),
                    threads::forRows,
                    cache,
                    arena,
                    batch,
                    EngineOptions.withThreads(1),
                    null);
            graph.run();
            return graph;
        }
    }

    private static float[] values(Columns columns, int tokens) {
        return Arrays.copyOf(columns.values(), columns.at(tokens));
    }

    private static final class Probe implements Architecture {

        private final Architecture family;
        private final BiFunction<Graph, ModelConfig, List<Columns>> steps;
        private List<Columns> stages = List.of();

        Probe(Architecture family, BiFunction<Graph, ModelConfig, List<Columns>> steps) {
            this.family = family;
            this.steps = steps;
        }

        @Override
        public List<String> names() {
            return family.names();
        }

        @Override
        public ModelConfig config(ModelKeys keys) throws GgufException {
            return family.config(keys);
        }

        @Override
        public List<TensorSpec> tensors(ModelConfig config) {
            return family.tensors(config);
        }

        @Override
        public void forward(Graph graph, ModelConfig config) {
            stages = steps.apply(graph, config);
        }
    }
}
