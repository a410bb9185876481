package io.qk256.gguf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Resolves type ids that programs use for different types, from the sizes of the tensors: no key tells. Id 42 is ggml's
 * Q2_0 in groups of 64 weights, PrismML's in groups of 128, or bitnet.cpp's TL2. The other ids are those of one program
 * that another one has used for a type of its own; such a tensor is {@link TensorType#OTHER}.
 *
 * <p>A file, with all its parts, has one type for an id. The type is the one whose size some tensor has exactly; small
 * tensors may have the size of two types.
 */
final class SharedIds {

    private static final int Q2_0 = 42;
    private static final Map<Integer, List<TensorType>> MEANINGS = Map.of(
            37,
            List.of(TensorType.I8_S),
            40,
            List.of(TensorType.NVFP4),
            41,
            List.of(TensorType.Q1_0),
            Q2_0,
            List.of(TensorType.Q2_0, TensorType.Q2_0_G128),
            142,
            List.of(TensorType.PQ2_0),
            143,
            List.of(TensorType.PTQ1_0));

    private SharedIds() {}

    /** Whether only the sizes of tensors tell the type. */
    static boolean contains(int id) {
        return MEANINGS.containsKey(id);
    }

    /**
     * Returns the types of the ids above.
     *
     * @param entries all tensors of the file and its other parts
     */
    static Map<Integer, TensorType> resolve(Collection<TensorEntry> entries) {
        Map<Integer, List<TensorEntry>> byId = new HashMap<>();
        for (TensorEntry entry : entries) {
            if (contains(entry.id())) {
                byId.computeIfAbsent(entry.id(), id -> new ArrayList<>()).add(entry);
            }
        }
        Map<Integer, TensorType> types = new HashMap<>();
        byId.forEach((id, tensors) -> types.put(id, resolve(id, tensors)));
        return types;
    }

    private static TensorType resolve(int id, List<TensorEntry> tensors) {
        TensorType otherwise = tensors.getFirst().type() == TensorType.TL2 ? TensorType.TL2 : TensorType.OTHER;
        List<TensorType> meanings = MEANINGS.getOrDefault(id, List.of()).stream()
                .filter(type -> tensors.stream().allMatch(tensor -> tensor.isInBlocksOf(type)))
                .toList();
        Optional<TensorType> best = meanings.stream()
                .filter(type -> sized(tensors, type) > 0)
                .max(Comparator.comparingLong(type -> sized(tensors, type)));
        if (best.isPresent()) {
            return isMixed(tensors, best.get(), meanings) ? otherwise : best.get();
        }
        // The specification allows gaps after tensors, which no program leaves.
        boolean isOfGgml = id == Q2_0 && otherwise == TensorType.OTHER && meanings.contains(TensorType.Q2_0);
        return isOfGgml && tensors.stream().allMatch(tensor -> tensor.hasRoomFor(TensorType.Q2_0))
                ? TensorType.Q2_0
                : otherwise;
    }

    private static long sized(List<TensorEntry> tensors, TensorType type) {
        return tensors.stream().filter(tensor -> tensor.isSizeOf(type)).count();
    }

    /** Whether a tensor has exactly the size of another of the types. */
    private static boolean isMixed(List<TensorEntry> tensors, TensorType best, List<TensorType> meanings) {
        return tensors.stream()
                .anyMatch(tensor -> !tensor.isSizeOf(best) && meanings.stream().anyMatch(tensor::isSizeOf));
    }
}
