package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import java.util.List;

/**
 * A family of models: everything specific to it, in one class that reads like its paper. It defines which keys of a
 * file it reads and their defaults, which tensors a file must have, and how a token is computed from them.
 *
 * <p>Loading, threads, buffers, the cache and sequences are common to all families. To add a family, write its class
 * and add it to {@link Architectures#KNOWN}. Immutable and thread-safe.
 */
interface Architecture {

    /** The accepted values of {@code general.architecture}; a file's value is the prefix of its keys. */
    List<String> names();

    /**
     * Reads the shape.
     *
     * @param keys keys of a file of this architecture; keys not read here must not require anything
     * @throws GgufException if a value is missing, invalid, or requires what is not supported
     * @throws IllegalArgumentException if the values contradict each other
     */
    ModelConfig config(ModelKeys keys) throws GgufException;

    /** All tensors of a model; a file with any other tensor is refused. */
    List<TensorSpec> tensors(ModelConfig config);

    /** Describes the forward pass: from the embedding through every layer to the input of the output head. */
    void forward(Graph graph, ModelConfig config);
}
