package io.qk256.app.commands;

import io.qk256.spi.plugin.PluginDirectory;
import io.qk256.spi.plugin.Plugins;
import io.qk256.spi.plugin.Probing;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.VerdictCache;
import io.qk256.spi.support.Environment;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that say where plugins are and what they may do. */
final class PluginOptions {

    /** System property set by the start script: the plugin directory beside it. */
    private static final String DEFAULT_DIRECTORY = "qk256.plugins";

    private static final String VARIABLE = "QK256_PLUGINS";
    private static final int MAX_PROBE_SECONDS = 3600;

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            scope = ScopeType.INHERIT,
            description = "Plugin directory (default: QK256_PLUGINS if set, else plugins beside the application).")
    private @Nullable Path directory;

    @Option(
            names = "--allow-native",
            paramLabel = "MODULE",
            split = ",",
            scope = ScopeType.INHERIT,
            description = "Allow the plugin with this module to use native code; may be repeated.")
    private List<String> allowNative = List.of();

    @Option(
            names = "--probe",
            paramLabel = "WHICH",
            scope = ScopeType.INHERIT,
            description = "Which kernels to try in a separate JVM first: plugins (default), all or none.")
    private Probed probed = Probed.PLUGINS;

    @Option(
            names = "--probe-seconds",
            paramLabel = "S",
            scope = ScopeType.INHERIT,
            description =
                    "Seconds that a kernel has to pass the probe, 1 to 3600 (default: 10); then it is stopped and rejected.")
    private @Nullable Integer probeSeconds;

    private Optional<VerdictCache> cache = Optional.empty();

    private enum Probed {
        PLUGINS,
        ALL,
        NONE
    }

    PluginOptions() {}

    /**
     * Returns the kernels of the application, then those of the plugins.
     *
     * @param cpuName the CPU that kernels are probed on
     */
    List<KernelSource> sources(String cpuName) {
        Probing probing = probing(cpuName);
        cache = probing.cache();
        List<KernelSource> builtIn = KernelSource.find();
        Optional<Plugins> plugins = directory().map(this::read);
        requirePlugins(plugins.map(Plugins::modules).orElse(Set.of()));
        List<KernelSource> dropped = plugins.map(Plugins::sources).orElse(List.of());
        List<KernelSource> sources = new ArrayList<>(probed == Probed.ALL ? probing.of(builtIn) : builtIn);
        sources.addAll(probed == Probed.NONE ? dropped : probing.of(dropped));
        return sources;
    }

    private Probing probing(String cpuName) {
        Probing usual = Probing.usual(cpuName);
        if (probeSeconds == null) {
            return usual;
        }
        Limits.require("--probe-seconds", probeSeconds, 1, MAX_PROBE_SECONDS);
        if (probed == Probed.NONE) {
            throw new UserError("--probe-seconds " + probeSeconds
                    + " limits a probe, but --probe none turns probes off; use only one of them");
        }
        return new Probing(Duration.ofSeconds(probeSeconds), cpuName, usual.cache());
    }

    /** The cache of verdicts; known after the kernels have been found. */
    Optional<VerdictCache> cache() {
        return cache;
    }

    /** The reason that verdicts are not cached, if so. */
    Optional<String> cacheProblem() {
        return cache.flatMap(VerdictCache::problem);
    }

    /** Whether the user gave options that say which plugins there are. */
    boolean isGiven() {
        return directory != null || !allowNative.isEmpty();
    }

    /** The options that say which plugins there are and what they may do, as the user types them. */
    String commandLine() {
        return (directory == null ? "" : " --plugins " + directory)
                + allowNative.stream().map(name -> " --allow-native " + name).collect(Collectors.joining());
    }

    private Plugins read(Path path) {
        try {
            return PluginDirectory.open(path).allowNative(allowNative).refresh();
        } catch (IOException e) {
            throw new UncheckedIOException(new IOException("cannot read the plugin directory " + path + ": " + e, e));
        }
    }

    /** The directory from the option, else from the variable, else the one beside the application if it exists. */
    Optional<Path> directory() {
        Optional<String> variable = Environment.variable(VARIABLE);
        if (directory != null) {
            return Optional.of(requireDirectory("--plugins " + directory, directory));
        }
        if (variable.isPresent()) {
            String given = VARIABLE + "=" + variable.get();
            return Optional.of(requireDirectory(given, FileNames.path(given, variable.get())));
        }
        return Optional.ofNullable(System.getProperty(DEFAULT_DIRECTORY))
                .map(Path::of)
                .filter(Files::isDirectory);
    }

    private static Path requireDirectory(String given, Path path) {
        if (!Files.isDirectory(path)) {
            throw new UserError(given + ": no such directory; create it, or name another one");
        }
        return path;
    }

    private void requirePlugins(Set<String> modules) {
        for (String name : allowNative) {
            if (!modules.contains(name)) {
                throw new UserError("--allow-native " + name + ": no plugin has a module of this name; "
                        + (modules.isEmpty() ? "there are none" : "there are: " + String.join(", ", modules)));
            }
        }
    }
}
