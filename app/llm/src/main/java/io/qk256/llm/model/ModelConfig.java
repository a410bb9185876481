package io.qk256.llm.model;

/**
 * The shape of a model.
 *
 * @param architecture {@code general.architecture} of the file
 * @param vocabulary number of tokens
 * @param contextLength most tokens that the model was trained to see at once
 * @param width values of a token's state ({@code embedding_length})
 * @param layers number of layers
 * @param feedForward values between the gate and the way back
 * @param heads query heads
 * @param kvHeads key/value heads; {@code heads} is a multiple of it
 * @param headSize values of a head
 * @param rotated values of a head that carry the position, even
 * @param ropeBase base of the angles
 * @param epsilon of the normalisations
 * @param gate how the gate acts
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
        GateFunction gate) {

    static final int MAX_VOCABULARY = 1 << 22;
    static final int MAX_CONTEXT = 1 << 22;
    static final int MAX_WIDTH = 1 << 17;
    static final int MAX_LAYERS = 1 << 10;

    /**
     * A shape.
     *
     * @throws IllegalArgumentException if heads do not divide as they must, or a size is no multiple of 32
     */
    public ModelConfig {
        require(heads % kvHeads == 0, "head_count is " + heads + ", expected a multiple of head_count_kv " + kvHeads);
        requireLanes("embedding_length", width);
        requireLanes("feed_forward_length", feedForward);
        requireLanes("the head's size", headSize);
        require(
                rotated >= 2 && rotated <= headSize && rotated % 2 == 0,
                "rope.dimension_count is " + rotated + ", expected an even number from 2 to the head's size "
                        + headSize);
    }

    /** Query numbers of a token in one layer, and what attention makes of them. */
    int attentionWidth() {
        return heads * headSize;
    }

    /** Key or value numbers of a token in one layer. */
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
