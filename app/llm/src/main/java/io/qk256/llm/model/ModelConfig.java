package io.qk256.llm.model;

/**
 * The shape of a model.
 *
 * @param architecture {@code general.architecture} of the file
 * @param vocabulary number of tokens
 * @param contextLength the most tokens that the model was trained to see at once
 * @param width hidden size ({@code embedding_length})
 * @param layers number of layers
 * @param feedForward feed-forward size
 * @param heads number of query heads
 * @param kvHeads number of key/value heads, a divisor of {@code heads}
 * @param headSize size of a head
 * @param rotated number of rotated values of a head, even
 * @param ropeBase base of the rotary angles
 * @param epsilon epsilon of the norms
 * @param gate the gate function of the feed-forward network
 * @param scaling how rotary angles are changed for long contexts
 * @param inputNorms whether each ternary matrix has a norm of its own for its input
 * @param pooling how a text becomes one vector
 * @param activations how the operands of ternary matrices are rounded
 */
public record ModelConfig(
        String architecture,
        int vocabulary,
        int contextLength,
        int width,
        int layers,
        int feedForward,
        int heads,
        int kvHeads,
        int headSize,
        int rotated,
        float ropeBase,
        float epsilon,
        GateFunction gate,
        RopeScaling scaling,
        boolean inputNorms,
        Pooling pooling,
        Activations activations) {

    static final int MAX_VOCABULARY = 1 << 22;
    static final int MAX_CONTEXT = 1 << 22;
    static final int MAX_WIDTH = 1 << 17;
    static final int MAX_LAYERS = 1 << 10;

    /**
     * Creates a shape.
     *
     * @throws IllegalArgumentException if {@code heads} is not a multiple of {@code kvHeads}, {@code width},
     *     {@code feedForward} or {@code heads * headSize} is not a multiple of 32, or {@code rotated} is out of range
     */
    public ModelConfig {
        require(heads % kvHeads == 0, "head_count is " + heads + ", expected a multiple of head_count_kv " + kvHeads);
        requireLanes("embedding_length", width);
        requireLanes("feed_forward_length", feedForward);
        require(
                (long) heads * headSize <= MAX_WIDTH,
                "head_count is " + heads + " and the head's size " + headSize + ", expected a product of at most "
                        + MAX_WIDTH);
        requireLanes("head_count x the head's size", heads * headSize);
        require(
                rotated >= 2 && rotated <= headSize && rotated % 2 == 0,
                "rope.dimension_count is " + rotated + ", expected an even number from 2 to the head's size "
                        + headSize);
    }

    /**
     * Creates the shape of a model without scaling of positions, norms of inputs, pooling, and groups of activations.
     *
     * @throws IllegalArgumentException as for all shapes
     */
    public ModelConfig(
            String architecture,
            int vocabulary,
            int contextLength,
            int width,
            int layers,
            int feedForward,
            int heads,
            int kvHeads,
            int headSize,
            int rotated,
            float ropeBase,
            float epsilon,
            GateFunction gate) {
        this(
                architecture,
                vocabulary,
                contextLength,
                width,
                layers,
                feedForward,
                heads,
                kvHeads,
                headSize,
                rotated,
                ropeBase,
                epsilon,
                gate,
                RopeScaling.NONE,
                false,
                Pooling.NONE,
                Activations.PER_TOKEN);
    }

    /** Returns the same shape with another rounding of activations. */
    ModelConfig withActivations(Activations other) {
        return new ModelConfig(
                architecture,
                vocabulary,
                contextLength,
                width,
                layers,
                feedForward,
                heads,
                kvHeads,
                headSize,
                rotated,
                ropeBase,
                epsilon,
                gate,
                scaling,
                inputNorms,
                pooling,
                other);
    }

    /** The number of query values of a token in one layer, and of attention results. */
    int attentionWidth() {
        return heads * headSize;
    }

    /** The number of key or value numbers of a token in one layer. */
    int kvWidth() {
        return kvHeads * headSize;
    }

    private static void requireLanes(String what, int value) {
        require(
                value > 0 && value % Reductions.LANES == 0,
                what + " is " + value + ", expected a multiple of " + Reductions.LANES);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
