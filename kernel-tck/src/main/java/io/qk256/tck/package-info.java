/**
 * The compatibility kit: {@link io.qk256.tck.KernelContract} decides what counts as a kernel, by the
 * {@link io.qk256.tck.Rules}.
 *
 * <p>A rule puts a {@code Problem} (plain numbers), in some {@code Placement} (kinds of memory, offsets, surroundings),
 * to the kernel in a {@code Trial}; the {@code Oracle} says what is {@code Expected}. The kit shares no code with any
 * kernel.
 */
@NullMarked
package io.qk256.tck;

import org.jspecify.annotations.NullMarked;
