/**
 * Kernels over kernels: one that splits the work of another over threads
 * ({@link io.qk256.spi.parallel.ParallelKernel}), and one that is made of another for each operation
 * ({@link io.qk256.spi.parallel.CompositeKernel}). Both give what the kernels below give, to the bit. And tasks for a few threads,
 * once ({@link io.qk256.spi.parallel.ParallelTasks}).
 *
 * <p>Compatible by the version of the artifact.
 */
@NullMarked
package io.qk256.spi.parallel;

import org.jspecify.annotations.NullMarked;
