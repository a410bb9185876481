/**
 * The contract of a kernel: the QK256 format, validated views of weights and vectors, and the
 * operations ({@link io.qk256.spi.Kernel}).
 *
 * <p>A kernel author implements {@link io.qk256.spi.KernelProvider} and extends
 * {@link io.qk256.spi.Kernel}. An engine author creates views ({@link io.qk256.spi.Qk256Matrix},
 * {@link io.qk256.spi.F32Vector}, {@link io.qk256.spi.I8Vector}, {@link io.qk256.spi.I8Batch}) and
 * calls the kernel that {@link io.qk256.spi.selection.KernelSelector} chose.
 *
 * <p>This package is the contract and nothing else: it depends on none of its sibling packages, and
 * {@link io.qk256.spi.Contract#VERSION} states its compatibility. The other packages are a library around it, whose
 * compatibility follows the version of the artifact.
 */
@NullMarked
package io.qk256.spi;

import org.jspecify.annotations.NullMarked;
