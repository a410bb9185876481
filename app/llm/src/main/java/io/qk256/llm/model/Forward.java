package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Function;

/**
 * The layers of a model, for the tokens of a batch at once. All buffers are allocated at the start; a call allocates nothing once
 * each batch size has been seen. For one thread at a time.
 *
 * <p>Results do not depend on how tokens are put into batches: columns do not touch each other but by way of the cache, where
 * those of one sequence find the ones before them.
 */
final class Forward {

    private final ModelConfig config;
    private final Weights weights;
    private final Reductions reductions;
    private final ParallelKernel threads;
    private final KvCache cache;
    private final Rope rope;
    private final Attention attention;
    private final DenseMatrix.Reader embedding;

    private final float[] state;
    private final float[] attended;
    private final Columns queries;
    private final Columns keys;
    private final Columns values;
    private final Columns projected;
    private final Columns gates;
    private final Columns ups;
    private final QuantizedColumns narrow;
    private final QuantizedColumns wide;
    private final Products toAttention;
    private final Products fromAttention;
    private final Products toFeedForward;
    private final Products fromFeedForward;

    private final RowTask normalizeForAttention = this::normalizeForAttention;
    private final RowTask rotate = this::rotate;
    private final RowTask attend = this::attend;
    private final RowTask normalizeAttended = this::normalizeAttended;
    private final RowTask normalizeForFeedForward = this::normalizeForFeedForward;
    private final RowTask gate = this::gate;
    private final RowTask addFeedForward = this::addFeedForward;

    /** What the pieces of work below are about: fields, so that a pass makes no objects. */
    private int layerIndex;

    private Layer layer;
    private Batch batch;

    Forward(
            Weights weights,
            Reductions reductions,
            Kernel kernel,
            ParallelKernel threads,
            KvCache cache,
            Arena arena,
            int capacity) {
        this.config = weights.config();
        this.weights = weights;
        this.reductions = reductions;
        this.threads = threads;
        this.cache = cache;
        this.rope = new Rope(capacity, config.rotated(), config.ropeBase());
        this.attention = new Attention(config, cache);
        this.embedding = weights.embedding().reader(1);
        this.state = new float[capacity * config.width()];
        this.attended = new float[capacity * config.width()];
        this.queries = new Columns(arena, capacity, config.width());
        this.keys = new Columns(arena, capacity, config.kvWidth());
        this.values = new Columns(arena, capacity, config.kvWidth());
        this.projected = new Columns(arena, capacity, config.width());
        this.gates = new Columns(arena, capacity, config.feedForward());
        this.ups = new Columns(arena, capacity, config.feedForward());
        this.narrow = new QuantizedColumns(arena, capacity, config.width());
        this.wide = new QuantizedColumns(arena, capacity, config.feedForward());
        this.toAttention = new Products(
                kernel,
                threads,
                narrow,
                inEachLayer(layer -> List.of(layer.attnQ(), layer.attnK(), layer.attnV())),
                queries,
                keys,
                values);
        this.fromAttention =
                new Products(kernel, threads, narrow, inEachLayer(layer -> List.of(layer.attnOutput())), projected);
        this.toFeedForward = new Products(
                kernel, threads, narrow, inEachLayer(layer -> List.of(layer.ffnGate(), layer.ffnUp())), gates, ups);
        this.fromFeedForward =
                new Products(kernel, threads, wide, inEachLayer(layer -> List.of(layer.ffnDown())), projected);
        this.layer = weights.layers().getFirst();
        this.batch = new Batch(0);
    }

    private List<List<Qk256Matrix>> inEachLayer(Function<Layer, List<Qk256Matrix>> matrices) {
        return weights.layers().stream().map(matrices).toList();
    }

    /** The states that were wanted, a column of {@code width} values for each, in their order in the batch. */
    float[] state() {
        return state;
    }

    /**
     * Runs all layers. Afterwards the batch has the wanted columns only.
     *
     * @param newBatch tokens within the vocabulary, whose tables have room for them; at most the capacity
     */
    void run(Batch newBatch) {
        batch = newBatch;
        int count = batch.columns();
        for (int i = 0; i < count; i++) {
            embedding.read(batch.token(i), 1);
            System.arraycopy(embedding.values, 0, state, i * config.width(), config.width());
            rope.prepare(i, batch.position(i));
        }
        for (layerIndex = 0; layerIndex < config.layers(); layerIndex++) {
            layer = weights.layers().get(layerIndex);
            cacheKeysAndValues(count);
            if (layerIndex == config.layers() - 1) {
                keepWanted();
                count = batch.columns();
            }
            if (count > 0) {
                attentionPart(count);
                feedForwardPart(count);
            }
        }
    }

    private void cacheKeysAndValues(int count) {
        threads.forRows(count, 1, normalizeForAttention);
        toAttention.apply(layerIndex, count);
        threads.forRows(count, 1, rotate);
    }

    /** Only the wanted columns go on: they move to the front. */
    private void keepWanted() {
        int kept = 0;
        for (int i = 0; i < batch.columns(); i++) {
            if (batch.isWanted(i)) {
                System.arraycopy(state, i * config.width(), state, kept * config.width(), config.width());
                System.arraycopy(queries.values(), queries.at(i), queries.values(), queries.at(kept), config.width());
                batch.move(i, kept);
                kept++;
            }
        }
        batch.keep(kept);
    }

    private void attentionPart(int count) {
        threads.forRows(batch.groups() * config.kvHeads(), 1, attend);
        threads.forRows(count, 1, normalizeAttended);
        fromAttention.apply(layerIndex, count);
    }

    private void feedForwardPart(int count) {
        threads.forRows(count, 1, normalizeForFeedForward);
        toFeedForward.apply(layerIndex, count);
        threads.forRows(count, 1, gate);
        fromFeedForward.apply(layerIndex, count);
        threads.forRows(count, 1, addFeedForward);
    }

    private void normalizeForAttention(int from, int to) {
        for (int i = from; i < to; i++) {
            normalizeState(layer.attnNorm(), i);
        }
    }

    private void rotate(int from, int to) {
        for (int i = from; i < to; i++) {
            queries.take(i);
            keys.take(i);
            values.take(i);
            rope.rotate(i, queries.values(), queries.at(i), config.heads(), config.headSize());
            rope.rotate(i, keys.values(), keys.at(i), config.kvHeads(), config.headSize());
            cache.round(queries.values(), queries.at(i), config.width());
            int position = batch.position(i);
            cache.put(batch.table(i).page(position), layerIndex, position, keys.values(), values.values(), keys.at(i));
        }
    }

    private void attend(int from, int to) {
        for (int i = from; i < to; i++) {
            int group = i / config.kvHeads();
            int first = batch.groupStart(group);
            attention.apply(
                    batch.table(first),
                    layerIndex,
                    i % config.kvHeads(),
                    first,
                    batch.groupStart(group + 1) - first,
                    batch.position(first),
                    queries.values(),
                    attended);
        }
    }

    private void normalizeAttended(int from, int to) {
        for (int i = from; i < to; i++) {
            int at = i * config.width();
            layer.attnSubNorm().apply(reductions, attended, at, attended, at);
            narrow.quantize(reductions, i, attended, at);
        }
    }

    private void normalizeForFeedForward(int from, int to) {
        for (int i = from; i < to; i++) {
            addProjected(i);
            normalizeState(layer.ffnNorm(), i);
        }
    }

    private void gate(int from, int to) {
        for (int i = from; i < to; i++) {
            int at = gates.at(i);
            gates.take(i);
            ups.take(i);
            config.gate().apply(gates.values(), ups.values(), at, config.feedForward());
            layer.ffnSubNorm().apply(reductions, gates.values(), at, gates.values(), at);
            wide.quantize(reductions, i, gates.values(), at);
        }
    }

    private void addFeedForward(int from, int to) {
        for (int i = from; i < to; i++) {
            addProjected(i);
        }
    }

    private void addProjected(int column) {
        projected.take(column);
        float[] added = projected.values();
        int at = projected.at(column);
        for (int i = at; i < at + config.width(); i++) {
            state[i] += added[i];
        }
    }

    private void normalizeState(RmsNorm norm, int column) {
        int at = column * config.width();
        norm.apply(reductions, state, at, attended, at);
        narrow.quantize(reductions, column, attended, at);
    }
}
