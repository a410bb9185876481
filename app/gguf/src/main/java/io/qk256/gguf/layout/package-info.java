/**
 * What the bytes of tensors mean: the types of ggml and bitnet.cpp, decoded and repacked for kernels.
 *
 * <p>{@link io.qk256.gguf.layout.WeightFile} opens a file with the types that GGUF has no numbers for.
 * {@link io.qk256.gguf.layout.Repack} turns 2-bit tensors into the layout that kernels take, and
 * {@link io.qk256.gguf.layout.TensorRows} any readable tensor into floats;
 * {@link io.qk256.gguf.layout.PlainDecoder} reads 2-bit tensors weight by weight, as the measure for both.
 */
@NullMarked
package io.qk256.gguf.layout;

import org.jspecify.annotations.NullMarked;
