/**
 * GGUF files and the 2-bit layouts of other projects.
 *
 * <p>{@link io.qk256.gguf.GgufFile} reads a GGUF file without copying it and trusts no byte of it;
 * {@link io.qk256.gguf.Repack} turns 2-bit tensors into the layout that kernels take, and
 * {@link io.qk256.gguf.TensorRows} any readable tensor into floats;
 * {@link io.qk256.gguf.PlainDecoder} reads 2-bit tensors weight by weight, as the measure for both.
 * {@link io.qk256.gguf.Conversion} and {@link io.qk256.gguf.RepackCache} write models with their weights in
 * another type.
 */
@NullMarked
package io.qk256.gguf;

import org.jspecify.annotations.NullMarked;
