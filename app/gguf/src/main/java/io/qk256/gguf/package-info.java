/**
 * GGUF files: the container alone.
 *
 * <p>{@link io.qk256.gguf.GgufFile} reads a file without copying it and trusts no byte of it: its keys, and its tensors with name,
 * type, shape and bytes. {@link io.qk256.gguf.GgufWriter} writes one. What the bytes of a tensor mean is for
 * {@code io.qk256.gguf.layout}; what is written in another type, for {@code io.qk256.gguf.convert}. Nothing here depends on either.
 */
@NullMarked
package io.qk256.gguf;

import org.jspecify.annotations.NullMarked;
