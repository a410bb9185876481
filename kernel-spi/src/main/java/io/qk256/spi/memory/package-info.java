/**
 * From an engine's data to operands: {@link io.qk256.spi.memory.Packing} packs weights, {@link
 * io.qk256.spi.memory.Quantization} rounds activations, {@link io.qk256.spi.memory.HugePages} gives memory for weights.
 *
 * <p>Compatible by the version of the artifact.
 */
@NullMarked
package io.qk256.spi.memory;

import org.jspecify.annotations.NullMarked;
