/**
 * Kernels from a directory of plugins: each jar, or folder of jars, is in its own module layer above the
 * application's, so that a broken plugin affects nothing but itself.
 *
 * <pre>{@code
 * PluginDirectory directory = PluginDirectory.open(Path.of("plugins"));
 * List<KernelSource> sources = new ArrayList<>(KernelSource.find());
 * sources.addAll(directory.refresh().sources());
 * Selection selection = KernelSelector.select(sources, cpu, Jvm.current(), SelectionOptions.NONE);
 * }</pre>
 *
 * <p>Compatibility follows the version of the artifact.
 */
@NullMarked
package io.qk256.spi.plugin;

import org.jspecify.annotations.NullMarked;
