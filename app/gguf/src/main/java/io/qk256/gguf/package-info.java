/**
 * GGUF files: the container alone.
 *
 * <p>{@link io.qk256.gguf.GgufFile} reads a file without copying it and trusts none of its bytes: the keys, and the
 * tensors with name, type, shape and bytes. {@link io.qk256.gguf.GgufWriter} writes one. {@code io.qk256.gguf.layout}
 * decodes the bytes of tensors, and {@code io.qk256.gguf.convert} converts files. This package depends on neither.
 */
@NullMarked
package io.qk256.gguf;

import org.jspecify.annotations.NullMarked;
