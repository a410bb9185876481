/**
 * Turns an engine's data into operands: {@link io.qk256.spi.memory.Packing} packs weights, {@link
 * io.qk256.spi.memory.Quantization} rounds activations, {@link io.qk256.spi.memory.HugePages} allocates memory for
 * weights.
 *
 * <p>Compatibility follows the version of the artifact.
 */
@NullMarked
package io.qk256.spi.memory;

import org.jspecify.annotations.NullMarked;
