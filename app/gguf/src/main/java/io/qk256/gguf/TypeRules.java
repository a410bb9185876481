package io.qk256.gguf;

import java.util.Map;

/**
 * What tensors are where the number of their type does not say it all. A file asks for it once, while it is opened.
 * Implementations are stateless and thread-safe.
 */
public interface TypeRules {

    /** The numbers alone. */
    TypeRules NONE = new TypeRules() {};

    /**
     * The type that is meant where a tensor has the number of another one.
     *
     * @param numbered the type that the number stands for
     * @return the same, or one of the same bytes for as many weights
     */
    default TensorType typeOf(TensorType numbered) {
        return numbered;
    }

    /**
     * The tensors that are meant by those which are stored.
     *
     * @param file name of the file, for messages
     * @param keys its metadata
     * @param stored its tensors by name, in the order of the file
     * @return the same names in the same order
     * @throws GgufException if one is of a type of these rules, and damaged
     */
    default Map<String, GgufTensor> recognise(String file, Map<String, GgufValue> keys, Map<String, GgufTensor> stored)
            throws GgufException {
        return stored;
    }
}
