/**
 * Finds kernels and selects one. The selection is a pure function of the candidates, the CPU, the JVM and the user's
 * options, and gives a reason for every candidate that was not selected.
 *
 * <p>Compatibility follows the version of the artifact.
 */
@NullMarked
package io.qk256.spi.selection;

import org.jspecify.annotations.NullMarked;
