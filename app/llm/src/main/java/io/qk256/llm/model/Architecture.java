package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import java.util.List;

/**
 * A family of models: all that is particular to it, in one class that reads like its paper. It says which values of a file it
 * takes and what stands in for those that are missing, which tensors a file must have, and how a token is computed from them.
 *
 * <p>Loading, threads, buffers, the cache and sequences are the same for all. To add a family, write its class and add it to
 * {@link Architectures#KNOWN}. Immutable and thread-safe.
 */
interface Architecture {

    /** What {@code general.architecture} may be; its keys begin with the one that a file has. */
    List<String> names();

    /**
     * Reads the shape.
     *
     * @param keys of a file of this architecture; those that are not asked for here must ask for nothing
     * @throws GgufException if a value is missing or makes no sense, or asks for what is not computed here
     * @throws IllegalArgumentException if the values contradict each other
     */
    ModelConfig config(ModelKeys keys) throws GgufException;

    /** All tensors of a model; a file that has another one is refused. */
    List<TensorSpec> tensors(ModelConfig config);

    /** Describes how tokens become logits: from the embedding to what goes into the last product, every layer in its turn. */
    void forward(Graph graph, ModelConfig config);
}
