package io.qk256.gguf;

import java.util.Map;

/**
 * Resolves tensor types that the id in the file does not determine. Consulted once, while a file is opened.
 * Implementations are stateless and thread-safe.
 */
public interface TypeRules {

    /** Takes the ids as they are. */
    TypeRules NONE = new TypeRules() {};

    /**
     * Returns the type that an id really stands for.
     *
     * @param numbered the type that has the id
     * @return the same type, or one that takes the same number of bytes for the same number of weights
     */
    default TensorType typeOf(TensorType numbered) {
        return numbered;
    }

    /**
     * Returns the tensors that the stored ones represent.
     *
     * @param file name of the file, for messages
     * @param keys its metadata
     * @param stored its tensors by name, in the order of the file
     * @return the same names in the same order
     * @throws GgufException if a tensor has one of these types and is damaged
     */
    default Map<String, GgufTensor> recognise(String file, Map<String, GgufValue> keys, Map<String, GgufTensor> stored)
            throws GgufException {
        return stored;
    }
}
