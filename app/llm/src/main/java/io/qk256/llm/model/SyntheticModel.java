package io.qk256.llm.model;

import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import io.qk256.spi.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Models with random weights, created in memory, to measure speed without a file. They take as long to compute as
 * trained models, but their text is meaningless.
 *
 * <p>Models whose activations are rounded in groups are stored as Ternary Bonsai: a scale for 64 weights, embedding and
 * head in 2 bits. Others have one scale per matrix, and an embedding in F16, which is also the head.
 */
public final class SyntheticModel {

    private static final long BYTES_AT_ONCE = 1 << 20;
    private static final long LOW_BITS_OF_CODES = 0x5555_5555_5555_5555L;
    private static final int EMBEDDINGS = 1 << 12;
    private static final int GROUP = TensorType.Q2_0.blockWeights();
    private static final int GROUP_BYTES = TensorType.Q2_0.blockBytes();

    /** The first values of each embedding, if states are to be sparse: so large that they decide the sign of each gate. */
    private static final int DECIDING = 64;

    private static final short DECISIVE = Float.floatToFloat16(30);
    private static final byte ALL_PLUS_ONE = (byte) 0b10_10_10_10;
    private static final byte ALL_MINUS_ONE = 0;
    private static final float NEXT_TO_NOTHING = 1e-4f;

    private final ModelConfig config;
    private final Arena arena;
    private final double rowDensity;
    private final double columnDensity;
    private long seed;

    private SyntheticModel(ModelConfig config, Arena arena, double rowDensity, double columnDensity, long seed) {
        this.config = config;
        this.arena = arena;
        this.rowDensity = rowDensity;
        this.columnDensity = columnDensity;
        this.seed = seed;
    }

    /**
     * Creates a model, using all cores; the shape with 2 billion parameters takes about a second.
     *
     * @param seed determines the weights
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the model, whose close() closes it.
    public static Model of(ModelConfig config, HeadType headType, long seed) {
        return of(config, headType, 1, 1, seed);
    }

    /**
     * Creates a model with squared ReLU whose states are sparse: in each layer the same random rows of the gate are positive
     * for every token, and of their results some are not 0 in int8.
     *
     * @param rowDensity the part of the gates that are positive, above 0; 1 leaves the weights random
     * @param columnDensity the part of the inputs of the down projection that are not 0, at most {@code rowDensity}
     * @throws IllegalArgumentException if states are to be sparse, and the model is not of the architecture bitnet-b1.58
     */
    @SuppressWarnings("MustBeClosedChecker") // As above.
    public static Model of(ModelConfig config, HeadType headType, double rowDensity, double columnDensity, long seed) {
        boolean possible = config.gate() == GateFunction.SQUARED_RELU
                && config.architecture().equals(BitNet.MICROSOFT);
        if (rowDensity < 1 && !possible) {
            throw new IllegalArgumentException("a model of " + config.architecture() + " with " + config.gate()
                    + " has no sparse states, expected " + BitNet.MICROSOFT + " with squared ReLU");
        }
        Arena arena = HugePages.sharedArena();
        try {
            SyntheticModel made = new SyntheticModel(config, arena, rowDensity, columnDensity, seed);
            return Model.of(arena, made.weights(), headType);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private Weights weights() {
        Architecture architecture = Architectures.of(config.architecture());
        List<TensorSpec> specs = TensorSpec.inLayers(architecture.tensors(config), config.layers()).stream()
                .filter(TensorSpec::required)
                .toList();
        Map<String, DenseMatrix> tokens = new HashMap<>();
        Map<String, Qk256Matrix> ternary = new HashMap<>();
        Map<String, RmsNorm> norms = new HashMap<>();
        Map<String, float[]> factors = new HashMap<>();
        for (TensorSpec spec : specs) {
            switch (spec.role()) {
                case TOKENS -> {} // Allocated last, next to the head that is made from it.
                case TERNARY -> ternary.put(spec.name(), decided(spec, ternary(spec.rows(), spec.cols())));
                case NORM -> norms.put(spec.name(), norm(spec));
                case FACTORS -> factors.put(spec.name(), ones(spec.cols()));
            }
        }
        for (TensorSpec spec : specs) {
            if (spec.role() == TensorSpec.Role.TOKENS) {
                tokens.put(spec.name(), inGroups() ? blocks(spec) : tokens(spec.rows(), spec.cols()));
            }
        }
        if (rowDensity < 1) { // The head is random, so the embedding cannot be the head.
            tokens.put(Weights.OUTPUT, tokens(config.vocabulary(), config.width()));
            decide(Objects.requireNonNull(tokens.get(Weights.EMBEDDING)));
        }
        if (inGroups()) {
            ternary.put(Weights.OUTPUT, ternary(config.vocabulary(), config.width()));
        }
        return new Weights(architecture, config, tokens, ternary, norms, factors);
    }

    private boolean inGroups() {
        return config.activations() == Activations.IN_GROUPS;
    }

    /** Before the down projection, what is to be 0 is made so small that rounding to int8 does that. */
    private RmsNorm norm(TensorSpec spec) {
        float[] weights = ones(spec.cols());
        if (rowDensity < 1 && spec.name().endsWith("ffn_sub_norm")) {
            for (int i = 0; i < weights.length; i++) {
                weights[i] = chance(i) < columnDensity ? 1 : NEXT_TO_NOTHING;
            }
        }
        return new RmsNorm(weights, config.epsilon());
    }

    /** A number from 0 to 1 for a row, the same in every layer. */
    private static double chance(int row) {
        return new SplittableRandom(row).nextDouble();
    }

    /** Makes the first weights of each row of a gate all 1 or all -1. */
    private Qk256Matrix decided(TensorSpec spec, Qk256Matrix matrix) {
        if (rowDensity < 1 && spec.name().endsWith("ffn_gate")) {
            for (int row = 0; row < matrix.rows(); row++) {
                byte all = chance(row) < rowDensity ? ALL_PLUS_ONE : ALL_MINUS_ONE;
                matrix.codes()
                        .asSlice(row * matrix.rowStride(), Math.min(DECIDING, matrix.cols()) / 4)
                        .fill(all);
            }
        }
        return matrix;
    }

    private static float[] ones(int size) {
        float[] ones = new float[size];
        Arrays.fill(ones, 1);
        return ones;
    }

    /** Half of the weights are 0. */
    private Qk256Matrix ternary(int rows, int cols) {
        MemorySegment codes = HugePages.allocate(arena, rows * Qk256.rowBytes(cols));
        fill(codes, SyntheticModel::codes);
        float scale = (float) Math.sqrt(2.0 / cols);
        Qk256Matrix matrix = Qk256Matrix.of(codes, rows, cols, Codebook.TERNARY);
        if (!inGroups()) {
            return matrix.withTensorScale(scale);
        }
        long bytes = (long) rows * Math.ceilDiv(cols, GROUP) * Short.BYTES;
        MemorySegment scales = HugePages.allocate(arena, Math.ceilDiv(bytes, Long.BYTES) * Long.BYTES);
        fill(scales, random -> {
            long four = 0;
            for (int i = 0; i < Long.BYTES / Short.BYTES; i++) {
                four = (four << Short.SIZE) | scale(random, scale);
            }
            return four;
        });
        return matrix.withGroupScales(scales.asSlice(0, bytes), GROUP, ScaleType.F16);
    }

    /** 32 codes of which none is 3. */
    static long codes(SplittableRandom random) {
        long bits = random.nextLong();
        long threes = bits & (bits >>> 1) & LOW_BITS_OF_CODES;
        return bits ^ (threes << 1);
    }

    /** Normally distributed numbers in f16, a power of two of them, from which embeddings are drawn. */
    static short[] halves(SplittableRandom random) {
        short[] halves = new short[EMBEDDINGS];
        for (int i = 0; i < EMBEDDINGS; i++) {
            halves[i] = Float.floatToFloat16((float) random.nextGaussian());
        }
        return halves;
    }

    /** A number near a scale, in f16. */
    static int scale(SplittableRandom random, float scale) {
        return Float.floatToFloat16((float) (scale * random.nextDouble(0.9, 1.1))) & 0xFFFF;
    }

    /** An embedding in blocks of Q2_0. */
    private DenseMatrix blocks(TensorSpec spec) {
        long first = seed++;
        int perRow = Math.ceilDiv(spec.cols(), GROUP);
        long rowBytes = (long) perRow * GROUP_BYTES;
        MemorySegment data = HugePages.allocate(arena, spec.rows() * rowBytes);
        IntStream.range(0, spec.rows()).parallel().forEach(row -> {
            SplittableRandom random = new SplittableRandom(first * spec.rows() + row);
            for (long at = row * rowBytes; at < (row + 1) * rowBytes; at += GROUP_BYTES) {
                data.set(LittleEndian.I16, at, (short) scale(random, 1));
                data.set(LittleEndian.I64, at + Short.BYTES, codes(random));
                data.set(LittleEndian.I64, at + Short.BYTES + Long.BYTES, codes(random));
            }
        });
        return DenseMatrix.ofBlocks(TensorType.Q2_0, data, spec.rows(), spec.cols());
    }

    private DenseMatrix tokens(int rows, int cols) {
        short[] halves = halves(new SplittableRandom(seed++));
        long bytes = (long) rows * cols * Short.BYTES;
        MemorySegment data = HugePages.allocate(arena, bytes);
        fill(data, random -> {
            long bits = random.nextLong();
            long four = 0;
            for (int i = 0; i < Long.BYTES / Short.BYTES; i++) {
                four = (four << Short.SIZE) | (halves[(int) (bits & (EMBEDDINGS - 1))] & 0xFFFFL);
                bits >>>= Short.SIZE;
            }
            return four;
        });
        return DenseMatrix.ofHalves(data, rows, cols);
    }

    /** Makes the first values of each row decide on the gates. */
    private static void decide(DenseMatrix embedding) {
        short[] decisive = new short[Math.min(DECIDING, embedding.cols())];
        Arrays.fill(decisive, DECISIVE);
        for (int row = 0; row < embedding.rows(); row++) {
            long at = (long) row * embedding.cols() * Short.BYTES;
            MemorySegment.copy(decisive, 0, embedding.data(), ValueLayout.JAVA_SHORT, at, decisive.length);
        }
    }

    private interface Source {
        long next(SplittableRandom random);
    }

    /**
     * Fills memory, a multiple of 8 bytes, in parts, each with its own seed, so the result does not depend on threads.
     */
    private void fill(MemorySegment memory, Source source) {
        long first = seed;
        long parts = Math.ceilDiv(memory.byteSize(), BYTES_AT_ONCE);
        seed += parts;
        LongStream.range(0, parts).parallel().forEach(part -> {
            SplittableRandom random = new SplittableRandom(first + part);
            long to = Math.min((part + 1) * BYTES_AT_ONCE, memory.byteSize());
            for (long at = part * BYTES_AT_ONCE; at < to; at += Long.BYTES) {
                memory.set(ValueLayout.JAVA_LONG, at, source.next(random));
            }
        });
    }
}
