/**
 * The data of tensors: the types of ggml and bitnet.cpp, decoded and repacked for kernels.
 *
 * <p>{@link io.qk256.gguf.layout.WeightFile} opens a file, including the types that GGUF has no ids for.
 * {@link io.qk256.gguf.layout.Repack} turns 2-bit tensors into the layout of the kernels, and
 * {@link io.qk256.gguf.layout.TensorRows} turns any readable tensor into floats.
 * {@link io.qk256.gguf.layout.PlainDecoder} reads 2-bit tensors weight by weight, as the reference for both.
 */
@NullMarked
package io.qk256.gguf.layout;

import org.jspecify.annotations.NullMarked;
