package io.qk256.llm.model;

import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.RowTask;
import io.qk256.spi.support.F16Attention;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The computation for the tokens of a batch. An {@link Architecture} describes it once, by calling these methods in the
 * order of the computation; then it is {@linkplain #run run} for every batch. The description allocates all buffers; a
 * run allocates nothing once each batch size has been seen. For one thread at a time.
 *
 * <p>Operations on {@link Columns} compute each token's column independently, and consecutive ones are one parallel
 * task. Columns depend on each other only in {@link #attention}, through the cache, so results do not depend on how
 * tokens are grouped into batches.
 */
final class Graph {

    private final Weights weights;
    private final ModelConfig config;
    private final Supplier<Reductions> reductions;
    private final Kernel kernel;
    private final Crew threads;
    private final KvCache cache;
    private final Attention attention;
    private final Batch batch;
    private final Arena arena;
    private final EngineOptions options;
    private final @Nullable Account account;
    private final Sparsity sparsity = new Sparsity();

    private final List<Runnable> stages = new ArrayList<>();

    /** Work on columns that is not yet a stage. */
    private final List<ColumnTask> columnTasks = new ArrayList<>();

    private final List<Columns> allColumns = new ArrayList<>();

    /** Buffers of a layer, reused by the next one. */
    private final Buffers<Columns> ofLayer;

    private final Buffers<KernelResults> results;
    private final ScratchPool<Exponentials> exponentials = new ScratchPool<>(Exponentials::new);
    private final Buffers<QuantizedColumns> quantized;

    /** Operands normalized for one matrix, by length. */
    private final Map<Integer, Columns> inputs = new HashMap<>();

    private final Map<Integer, ListedPlaces> listed = new HashMap<>();

    private int layer;
    private String prefix = "";
    private @Nullable Columns output;

    /** Work on one column. */
    private interface ColumnTask {
        void run(int column);
    }

    /**
     * Creates the computation of a model.
     *
     * @param reductions queried whenever sums are computed
     * @param arena allocates the memory that kernels read and write
     * @param batch the batch to compute
     * @param options the number of threads, and whether to copy matrices by columns
     * @param account measures the stages, if there is one
     */
    Graph(
            Weights weights,
            Supplier<Reductions> reductions,
            Kernel kernel,
            Crew threads,
            KvCache cache,
            Arena arena,
            Batch batch,
            EngineOptions options,
            @Nullable Account account) {
        this.weights = weights;
        this.config = weights.config();
        this.reductions = reductions;
        this.kernel = kernel;
        this.threads = threads;
        this.cache = cache;
        this.arena = arena;
        this.options = options;
        this.attention = new Attention(config, cache, F16Attention::find, batch.together());
        this.batch = batch;
        this.account = account;
        this.ofLayer = new Buffers<>(this::newColumns);
        this.results = new Buffers<>(length -> new KernelResults(arena, batch.capacity(), length));
        this.quantized =
                new Buffers<>(length -> new QuantizedColumns(arena, batch.capacity(), length, config.activations()));
        weights.architecture().forward(this, config);
        endColumnTasks();
    }

    /**
     * Computes the batch. Afterwards the batch has only the wanted columns, which are the first ones of
     * {@link #output}.
     *
     * @throws NotFiniteException if a value is not finite
     */
    void run() {
        for (int i = 0; i < stages.size() && batch.columns() > 0; i++) {
            stages.get(i).run();
        }
    }

    /** The input of the output head. */
    Columns output() {
        if (output == null) {
            throw new IllegalStateException(config.architecture() + ": its computation has no end");
        }
        return output;
    }

    private Columns newColumns(int length) {
        Columns columns = new Columns(batch.capacity(), length);
        allColumns.add(columns);
        return columns;
    }

    /** Looks up the embedding rows of the tokens: the initial states, which layers add to. */
    Columns embedding() {
        Columns x = newColumns(config.width());
        DenseMatrix.Reader embedding = weights.embedding().reader(1);
        addStage(() -> {
            for (int i = 0; i < batch.columns(); i++) {
                embedding.read(batch.token(i), 1);
                System.arraycopy(embedding.values, 0, x.values(), x.at(i), x.length());
            }
        });
        return x;
    }

    /** Multiplies by a number, in place. */
    void scale(Columns x, float factor) {
        columnTasks.add(column -> {
            float[] values = x.values();
            for (int i = x.at(column); i < x.at(column + 1); i++) {
                values[i] *= factor;
            }
        });
    }

    /** Computes the rotary angles of the tokens' positions. */
    Rope rope(Rope.Pairs pairs) {
        Rope rope = new Rope(
                batch.capacity(),
                pairs,
                config.rotated(),
                config.ropeBase(),
                config.scaling(),
                weights.factors().get(Weights.ROPE_DIVISORS));
        addStage(() -> {
            for (int i = 0; i < batch.columns(); i++) {
                rope.prepare(i, batch.position(i));
            }
        });
        return rope;
    }

    /** Starts a layer: names refer to its weights from here on. Of the previous layer, only the states remain valid. */
    void layer(int index) {
        layer = index;
        prefix = TensorSpec.prefix(index);
        ofLayer.useAgain();
    }

    /** Returns {@code x}, normalized. */
    Columns normalized(Columns x, String name) {
        Columns out = ofLayer.take(x.length());
        normalize(x, out, weights.norm(prefix + name));
        return out;
    }

    /** Normalizes in place, as many values at a time as the norm has weights: a column or a head. */
    void normalize(Columns x, String name) {
        normalize(x, x, weights.norm(prefix + name));
    }

    private void normalize(Columns x, Columns out, RmsNorm norm) {
        columnTasks.add(column -> {
            Reductions sums = reductions.get();
            for (int at = x.at(column); at < x.at(column + 1); at += norm.size()) {
                norm.apply(sums, x.values(), at, out.values(), at);
            }
        });
    }

    /** Multiplies a ternary matrix with {@code x}, which is quantized to int8. */
    Columns bitLinear(Columns x, String name) {
        return bitLinear(x, new String[] {name}).getFirst();
    }

    /**
     * Multiplies several matrices with {@code x}, as one parallel task. It is quantized once, unless the matrices have
     * norms of their own for their input. A matrix that is not ternary is multiplied with {@code x} itself.
     */
    List<Columns> bitLinear(Columns x, String... names) {
        quantized.useAgain(); // Earlier products have been computed, and their results copied.
        results.useAgain();
        List<QuantizedColumns> operands = new ArrayList<>();
        List<Qk256Matrix> matrices = new ArrayList<>();
        List<KernelResults> y = new ArrayList<>();
        List<Columns> copies = new ArrayList<>();
        List<Columns> out = new ArrayList<>();
        for (String name : names) {
            DenseMatrix dense = weights.dense().get(prefix + name);
            if (dense != null) {
                out.add(linear(x, name, dense));
                continue;
            }
            Qk256Matrix matrix = weights.matrix(prefix + name);
            boolean isQuantized = !config.inputNorms() && !operands.isEmpty();
            operands.add(isQuantized ? operands.getFirst() : quantized(x, name));
            matrices.add(matrix);
            y.add(results.take(matrix.rows()));
            copies.add(ofLayer.take(matrix.rows()));
            out.add(copies.getLast());
        }
        if (!matrices.isEmpty()) {
            Products products = new Products(kernel, threads, operands, matrices, y);
            addStage(Account.Part.PRODUCTS, () -> products.apply(batch.columns()));
        }
        for (int i = 0; i < copies.size(); i++) {
            KernelResults from = y.get(i);
            Columns to = copies.get(i);
            columnTasks.add(column -> from.copy(column, to));
        }
        return List.copyOf(out);
    }

    /**
     * Multiplies the gate and up matrices with {@code x} and applies the gate function, {@code function(gate) * up}. With
     * squared ReLU, rows of up that would be multiplied by 0 are not read.
     */
    Columns gated(GateFunction function, Columns x, String gate, String up) {
        boolean sparse = skips(function)
                && !config.inputNorms()
                && weights.ternary().containsKey(prefix + gate)
                && weights.ternary().containsKey(prefix + up);
        if (!sparse) {
            List<Columns> both = bitLinear(x, gate, up);
            return gate(function, both.get(0), both.get(1));
        }
        quantized.useAgain();
        results.useAgain();
        QuantizedColumns q = quantized(x, gate);
        Qk256Matrix gateMatrix = weights.matrix(prefix + gate);
        Qk256Matrix upMatrix = weights.matrix(prefix + up);
        KernelResults gateResults = results.take(gateMatrix.rows());
        KernelResults upResults = results.take(upMatrix.rows());
        GatedProducts products = new GatedProducts(
                kernel, threads, q, gateMatrix, upMatrix, gateResults, upResults, listed(upMatrix.rows()), sparsity);
        addStage(Account.Part.PRODUCTS, () -> products.apply(batch.columns()));
        return gate(function, copied(gateResults, gateMatrix.rows()), copied(upResults, upMatrix.rows()));
    }

    /** Multiplies a ternary matrix with {@code x}, which is mostly 0 if the gate function is squared ReLU. */
    Columns sparseLinear(GateFunction function, Columns x, String name) {
        Qk256Matrix matrix = weights.ternary().get(prefix + name);
        boolean sparse = skips(function) && config.activations() == Activations.PER_TOKEN;
        if (!sparse || matrix == null || matrix.hasGroupScales()) {
            return bitLinear(x, name);
        }
        quantized.useAgain();
        results.useAgain();
        QuantizedColumns q = quantized(x, name);
        KernelResults y = results.take(matrix.rows());
        Qk256Matrix byColumns =
                options.skipping() == Skipping.ROWS_AND_COLUMNS ? Transposition.of(matrix, arena) : null;
        SparseProduct product = new SparseProduct(
                kernel, threads, options.threads(), q, matrix, byColumns, y, listed(matrix.cols()), sparsity);
        addStage(Account.Part.PRODUCTS, () -> product.apply(batch.columns()));
        return copied(y, matrix.rows());
    }

    private boolean skips(GateFunction function) {
        return function == GateFunction.SQUARED_RELU && options.skipping() != Skipping.NONE;
    }

    private ListedPlaces listed(int length) {
        return listed.computeIfAbsent(length, n -> new ListedPlaces(arena, n));
    }

    private Columns copied(KernelResults from, int rows) {
        Columns to = ofLayer.take(rows);
        columnTasks.add(column -> from.copy(column, to));
        return to;
    }

    /** Whether vector code for attention or exponentials would be used. */
    boolean usesVectors() {
        return config.gate() != GateFunction.SQUARED_RELU || !attention.isNative();
    }

    /** How sparse the tokens were that were computed alone. */
    Sparsity sparsity() {
        return sparsity;
    }

    private Columns linear(Columns x, String name, DenseMatrix matrix) {
        Columns in = x;
        if (config.inputNorms()) {
            in = normalized(x, TensorSpec.inputNorm(name));
        }
        Columns y = ofLayer.take(matrix.rows());
        float factor = weights.factor(prefix + name);
        DenseProduct product = new DenseProduct(reductions, threads, matrix, factor, in, y);
        addStage(Account.Part.PRODUCTS, () -> product.apply(batch.columns()));
        return y;
    }

    /** Quantizes the operand of a matrix. */
    private QuantizedColumns quantized(Columns x, String name) {
        QuantizedColumns q = quantized.take(x.length());
        Columns operand = x;
        if (config.inputNorms()) {
            operand = inputs.computeIfAbsent(x.length(), this::newColumns);
            normalize(x, operand, weights.norm(TensorSpec.inputNorm(prefix + name)));
        }
        quantize(operand, q);
        return q;
    }

    private void quantize(Columns x, QuantizedColumns q) {
        columnTasks.add(column -> q.quantize(reductions.get(), column, x.values(), x.at(column)));
    }

    /** Rotates each head by its token's position, in place. */
    void rotate(Rope rope, Columns x) {
        int heads = x.length() / config.headSize();
        columnTasks.add(column -> rope.rotate(column, x.values(), x.at(column), heads, config.headSize()));
    }

    /**
     * Caches keys and values, and attends to all positions up to each token's own. In the last layer, only columns
     * whose state is wanted continue.
     *
     * @param q the queries; rounded in place to the cache's precision
     */
    Columns attention(Columns q, Columns k, Columns v) {
        int ofThisLayer = layer;
        columnTasks.add(column -> {
            cache.round(q.values(), q.at(column), q.length());
            int position = batch.position(column);
            KvCache.Page page = batch.table(column).page(position);
            cache.put(page, ofThisLayer, position, k.values(), v.values(), k.at(column));
        });
        if (layer == config.layers() - 1) {
            addStage(this::keepWanted);
        }
        Columns out = ofLayer.take(q.length());
        RowTask attend = (from, to) -> attend(ofThisLayer, q, out, from, to);
        addStage(Account.Part.ATTENTION, () -> threads.forRows(batch.groups() * config.kvHeads(), 1, attend));
        return out;
    }

    private void attend(int ofLayer, Columns q, Columns out, int from, int to) {
        for (int i = from; i < to; i++) {
            int group = i / config.kvHeads();
            int first = batch.groupStart(group);
            attention.apply(
                    batch.table(first),
                    ofLayer,
                    i % config.kvHeads(),
                    first,
                    batch.groupStart(group + 1) - first,
                    batch.position(first),
                    q.values(),
                    out.values());
        }
    }

    /** Moves the wanted columns to the front in all buffers. */
    private void keepWanted() {
        int kept = 0;
        for (int i = 0; i < batch.columns(); i++) {
            if (batch.isWanted(i)) {
                if (i != kept) {
                    move(i, kept);
                }
                kept++;
            }
        }
        batch.keep(kept);
    }

    private void move(int from, int to) {
        for (int i = 0; i < allColumns.size(); i++) {
            allColumns.get(i).move(from, to);
        }
        batch.move(from, to);
    }

    /** Applies the gate function to {@code gate} and {@code up}; the result replaces the gate. */
    Columns gate(GateFunction function, Columns gate, Columns up) {
        columnTasks.add(column -> {
            Exponentials mine = exponentials.take();
            function.apply(gate.values(), up.values(), gate.at(column), gate.length(), mine);
            exponentials.giveBack(mine);
        });
        return gate;
    }

    /** Adds {@code added} to {@code x}. */
    void add(Columns x, Columns added) {
        columnTasks.add(column -> {
            float[] sums = x.values();
            float[] values = added.values();
            int end = x.at(column + 1);
            for (int i = x.at(column); i < end; i++) {
                sums[i] += values[i];
            }
        });
    }

    /** Ends the computation: the output head multiplies {@code x}, normalized. */
    void logits(Columns x, String norm) {
        normalize(x, x, weights.norm(norm));
        output = x;
    }

    private void addStage(Account.Part part, Runnable stage) {
        addStage(accounted(part, stage));
    }

    private Runnable accounted(Account.Part part, Runnable stage) {
        return account == null ? stage : () -> account.run(part, stage);
    }

    private void addStage(Runnable stage) {
        endColumnTasks();
        stages.add(stage);
    }

    private void endColumnTasks() {
        if (columnTasks.isEmpty()) {
            return;
        }
        ColumnTask[] tasks = columnTasks.toArray(ColumnTask[]::new);
        columnTasks.clear();
        RowTask columns = (from, to) -> {
            for (int column = from; column < to; column++) {
                for (ColumnTask task : tasks) {
                    task.run(column);
                }
            }
        };
        stages.add(accounted(Account.Part.COLUMNS, () -> threads.forRows(batch.columns(), 1, columns)));
    }
}
