/**
 * Kernels built from kernels: {@link io.qk256.spi.parallel.ParallelKernel} splits the work of another kernel over
 * threads, and {@link io.qk256.spi.parallel.CompositeKernel} uses a different kernel for each operation. Both return
 * bit-identical results to the kernels they use. {@link io.qk256.spi.parallel.ParallelTasks} runs one-time tasks on a
 * few threads.
 *
 * <p>Compatibility follows the version of the artifact.
 */
@NullMarked
package io.qk256.spi.parallel;

import org.jspecify.annotations.NullMarked;
