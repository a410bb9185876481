package io.qk256.gguf;

import java.util.List;

/**
 * A tensor entry as stored in the header.
 *
 * @param at where the entry starts in the file
 * @param type what the id stands for, unless {@link SharedIds} knows better
 * @param offset where the data starts, counted from the start of the data section
 * @param room the number of bytes from there to the next tensor, or to the end of the file
 * @param next a description of what follows, for messages
 * @param alignment the alignment of tensors in the file
 */
record TensorEntry(
        long at,
        String name,
        TensorType type,
        int id,
        List<Long> dims,
        long weights,
        long offset,
        long room,
        String next,
        long alignment) {

    TensorEntry within(long bytes, String upTo) {
        return new TensorEntry(at, name, type, id, dims, weights, offset, bytes, upTo, alignment);
    }

    /** Whether the rows consist of whole blocks of a type. */
    boolean isInBlocksOf(TensorType one) {
        return dims.getFirst() % one.blockWeights() == 0;
    }

    /** Whether there is room for a tensor of that type, which needs {@linkplain #isInBlocksOf whole blocks}. */
    boolean hasRoomFor(TensorType one) {
        return isInBlocksOf(one) && bytes(one) <= room;
    }

    /** Whether the room is that of a tensor of that type, padded to the alignment. */
    boolean isSizeOf(TensorType one) {
        return hasRoomFor(one) && room - bytes(one) < alignment;
    }

    private long bytes(TensorType one) {
        try {
            return one.bytes(weights);
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }
}
