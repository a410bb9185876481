package io.qk256.spi.plugin;

import io.qk256.spi.selection.KernelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The plugins that a directory contained when it was read. Immutable. The module layers live as long as this object, a
 * selection made from it, or one of its kernels.
 *
 * @param directory the directory
 * @param plugins in the order of their names
 */
public record Plugins(Path directory, List<Plugin> plugins) {

    /** Creates the list. */
    public Plugins {
        plugins = List.copyOf(plugins);
    }

    /** The kernels of all plugins, for the selection; those that are not resolved give the reason there. */
    public List<KernelSource> sources() {
        return plugins.stream().flatMap(plugin -> plugin.sources().stream()).toList();
    }

    /** The names of the modules that provide kernels, where they could be read. */
    public Set<String> modules() {
        return plugins.stream()
                .flatMap(plugin -> plugin.module().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
