/**
 * Kernels from a directory of plugins: each jar, or folder of jars, in a module layer of its own above the
 * application's, so that a broken one costs its own place and nothing else.
 *
 * <pre>{@code
 * PluginDirectory directory = PluginDirectory.open(Path.of("plugins"));
 * List<KernelSource> sources = new ArrayList<>(KernelSource.find());
 * sources.addAll(directory.refresh().sources());
 * Selection selection = KernelSelector.select(sources, cpu, Jvm.current(), SelectionOptions.NONE);
 * }</pre>
 *
 * <p>Compatible by the version of the artifact.
 */
@NullMarked
package io.qk256.spi.plugin;

import org.jspecify.annotations.NullMarked;
