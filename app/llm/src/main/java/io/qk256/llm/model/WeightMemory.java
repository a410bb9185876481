package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.layout.Repack;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where the 2-bit weights of a model are once it is loaded. */
@FunctionalInterface
interface WeightMemory {

    /**
     * Returns the matrices of tensors by their names.
     *
     * @throws GgufException if a tensor is damaged, or cannot be there
     */
    Map<String, Qk256Matrix> matrices(Collection<GgufTensor> tensors, int threads, Progress progress)
            throws GgufException;

    /** Memory of this process; weights that kernels can read in place stay in the file. */
    static WeightMemory repackedInto(Arena arena) {
        return (tensors, threads, progress) -> Repack.repackAll(tensors, arena, threads, progress);
    }

    /** The mapped file, which processes share. */
    static WeightMemory inPlace() {
        return (tensors, threads, progress) -> {
            Map<String, Qk256Matrix> matrices = new LinkedHashMap<>();
            for (GgufTensor tensor : tensors) {
                if (!tensor.data().isMapped()) {
                    throw new GgufException(
                            tensor + ": is in memory, expected a mapped file; open the model by its path");
                }
                matrices.put(tensor.name(), Repack.inPlace(tensor));
            }
            return matrices;
        };
    }
}
