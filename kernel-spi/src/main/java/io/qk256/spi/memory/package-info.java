/**
 * Memory for weights, beside what an {@link java.lang.foreign.Arena} gives.
 *
 * <p>Compatible by the version of the artifact.
 */
@NullMarked
package io.qk256.spi.memory;

import org.jspecify.annotations.NullMarked;
