/**
 * The compatibility kit (TCK): {@link io.qk256.tck.KernelContract} decides what counts as a kernel, by the
 * {@link io.qk256.tck.Rules}.
 *
 * <p>A rule runs a {@code Problem} (plain numbers) with a {@code Placement} (kinds of memory, offsets, surroundings)
 * on the kernel in a {@code Trial}; the {@code Oracle} says what is {@code Expected}. The TCK shares no code with any
 * kernel.
 */
@NullMarked
package io.qk256.tck;

import org.jspecify.annotations.NullMarked;
