/**
 * Finds kernels and selects one: a pure function of the candidates, the CPU, the JVM and the user's wishes, with a
 * reason for every candidate that was not taken.
 *
 * <p>Compatible by the version of the artifact.
 */
@NullMarked
package io.qk256.spi.selection;

import org.jspecify.annotations.NullMarked;
