package io.qk256.spi.plugin;

import io.qk256.spi.selection.Gate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory of plugins. Each jar and each folder of jars in it is a plugin; hidden files and everything else are
 * ignored. File names have no meaning: a plugin is identified by the name of the module that provides its kernels.
 *
 * <p>Immutable and thread-safe; reading the directory again returns new plugins and does not affect earlier ones. Jars
 * must not be overwritten in place while they are in use: move the new file over the old one.
 *
 * <p>Of several plugins with the same module, the one with the highest version is used.
 */
public final class PluginDirectory {

    /** The file in the directory that says what its plugins may do. */
    public static final String TRUST_FILE = "trust.properties";

    /** Each plugin is read, hashed and probed; a directory with more is most likely not meant for plugins. */
    static final int MAX_PLUGINS = 256;

    private final Path path;
    private final Set<String> allowedNative;

    private PluginDirectory(Path path, Set<String> allowedNative) {
        this.path = path;
        this.allowedNative = allowedNative;
    }

    /**
     * Opens a directory whose plugins get native access only if its trust file allows it.
     *
     * @throws NotDirectoryException if it is not a directory
     */
    public static PluginDirectory open(Path directory) throws NotDirectoryException {
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        return new PluginDirectory(directory, Set.of());
    }

    /**
     * Returns the same directory, with native access for more plugins.
     *
     * @param modules the names of the modules that provide their kernels
     */
    public PluginDirectory allowNative(Collection<String> modules) {
        return new PluginDirectory(
                path, Stream.concat(allowedNative.stream(), modules.stream()).collect(Collectors.toSet()));
    }

    /** The directory. */
    public Path path() {
        return path;
    }

    /**
     * Reads the directory and resolves its plugins. An error in a plugin affects only its own state and reason; if the
     * trust file is malformed, all plugins are rejected.
     *
     * @throws IOException if the directory cannot be listed, or contains more than 256 jars and folders
     */
    public Plugins refresh() throws IOException {
        List<Installation> installations = new ArrayList<>();
        try {
            Trust trust = Trust.read(path.resolve(TRUST_FILE)).allowNative(allowedNative);
            for (Path file : files()) {
                installations.add(Installation.of(file, trust));
            }
        } catch (PluginException malformed) {
            for (Path file : files()) {
                installations.add(Installation.rejected(file, malformed));
            }
        }
        installations.stream()
                .filter(Installation::isResolved)
                .collect(Collectors.groupingBy(Installation::module))
                .values()
                .forEach(PluginDirectory::keepTheNewest);
        return new Plugins(
                path, installations.stream().map(Installation::plugin).toList());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            List<Path> plugins = files.filter(PluginDirectory::isPlugin)
                    .limit(MAX_PLUGINS + 1)
                    .sorted(Comparator.comparing(Path::getFileName))
                    .toList();
            if (plugins.size() > MAX_PLUGINS) {
                throw new IOException("it holds more than " + MAX_PLUGINS
                        + " jars and folders, too many for a directory of plugins; name another one");
            }
            return plugins;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static boolean isPlugin(Path file) {
        String name = file.getFileName().toString();
        return !name.startsWith(".") && (Files.isDirectory(file) || PluginFiles.isJarName(file));
    }

    private static void keepTheNewest(List<Installation> sameModule) {
        Installation newest = sameModule.stream()
                .max(Comparator.comparing(Installation::comparableVersion))
                .orElseThrow();
        Function<Installation, Boolean> isOutdated =
                other -> other.comparableVersion().compareTo(newest.comparableVersion()) < 0;
        List<Installation> equals =
                sameModule.stream().filter(one -> !isOutdated.apply(one)).toList();
        for (Installation one : sameModule) {
            if (isOutdated.apply(one)) {
                one.supersededBy(newest);
            } else if (equals.size() > 1) {
                one.reject(new PluginException(
                        Gate.RESOLVED,
                        one.description() + " is also in "
                                + equals.stream()
                                        .filter(other -> other != one)
                                        .map(Installation::name)
                                        .collect(Collectors.joining(", "))
                                + "; keep one of them"));
            }
        }
    }
}
