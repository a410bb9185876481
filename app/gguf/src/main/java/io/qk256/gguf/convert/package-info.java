/**
 * Converts files: {@link io.qk256.gguf.convert.Conversion} and {@link io.qk256.gguf.convert.RepackCache} write a model
 * with its 2-bit weights in another type, {@link io.qk256.gguf.convert.NpyFile} writes a tensor for NumPy.
 */
@NullMarked
package io.qk256.gguf.convert;

import org.jspecify.annotations.NullMarked;
