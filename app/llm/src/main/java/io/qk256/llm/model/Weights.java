package io.qk256.llm.model;

import java.util.List;

/**
 * All weights of a model.
 *
 * @param config their shape
 * @param embedding a row for each token
 * @param layers from the first to the last
 * @param outputNorm before the head
 * @param output a row for each token; the embedding, if they are tied
 */
record Weights(ModelConfig config, DenseMatrix embedding, List<Layer> layers, RmsNorm outputNorm, DenseMatrix output) {}
