package io.qk256.gguf;

import java.util.List;
import java.util.Optional;

/**
 * Resolves type id 42, which only the tensor's size disambiguates: ggml's Q2_0 takes 18 bytes for 64 weights, PrismML's
 * program packs 128 in 34 bytes, and bitnet.cpp's TL2 takes fewer. The space up to the next tensor is the size, padded
 * to the alignment.
 */
final class Q2Size {

    private static final int ID = 42;
    private static final long GROUP_OF_128 = 128;
    private static final long BYTES_OF_128 = 34;

    private Q2Size() {}

    /** Returns Q2_0 if a tensor that looks like TL2 has the size of Q2_0; otherwise empty: the type is right. */
    static Optional<TensorType> decide(TensorType type, int id, List<Long> dims, long room, long alignment) {
        if (type != TensorType.TL2 || id != ID || dims.getFirst() % TensorType.Q2_0.blockWeights() != 0) {
            return Optional.empty();
        }
        long weights = dims.stream().reduce(1L, (a, b) -> a * b);
        try {
            return isPadded(TensorType.Q2_0.bytes(weights), room, alignment)
                    ? Optional.of(TensorType.Q2_0)
                    : Optional.empty();
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    /** Whether the tensor has groups of 128 weights. */
    static boolean isOf128(int id, long weights, long room, long alignment) {
        return id == ID
                && weights % GROUP_OF_128 == 0
                && weights / GROUP_OF_128 < Long.MAX_VALUE / BYTES_OF_128
                && !isPadded(weights / 64 * 18, room, alignment)
                && isPadded(weights / GROUP_OF_128 * BYTES_OF_128, room, alignment);
    }

    private static boolean isPadded(long bytes, long room, long alignment) {
        return room >= bytes && room - bytes < alignment;
    }
}
