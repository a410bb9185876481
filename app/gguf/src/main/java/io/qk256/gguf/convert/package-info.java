/**
 * Writes what was read: {@link io.qk256.gguf.convert.Conversion} and {@link io.qk256.gguf.convert.RepackCache} a model with its
 * 2-bit weights in another type, {@link io.qk256.gguf.convert.NpyFile} a tensor for NumPy.
 */
@NullMarked
package io.qk256.gguf.convert;

import org.jspecify.annotations.NullMarked;
