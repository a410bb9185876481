/**
 * GGUF files and the 2-bit layouts of other projects.
 *
 * <p>{@link io.qk256.app.files.GgufFile} reads a GGUF file without copying it and trusts no byte of it;
 * {@link io.qk256.app.files.Repack} turns a ternary tensor into the layout that kernels take;
 * {@link io.qk256.app.files.PlainDecoder} reads the same tensor weight by weight, as the measure for both.
 */
@NullMarked
package io.qk256.app.files;

import org.jspecify.annotations.NullMarked;
