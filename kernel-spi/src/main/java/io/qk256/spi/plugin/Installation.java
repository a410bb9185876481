package io.qk256.spi.plugin;

import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.KernelSource.Stop;
import io.qk256.spi.support.PrintableText;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Version;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One plugin on its way from a file to a module layer. */
final class Installation {

    /** Sorts before every version. */
    private static final Version NO_VERSION = Version.parse("0-0");

    private final Path path;
    private Optional<ModuleDescriptor> descriptor = Optional.empty();
    private Optional<String> sha256 = Optional.empty();
    private Plugin.State state = Plugin.State.REJECTED;
    private Optional<String> reason = Optional.empty();
    private List<KernelSource> sources = List.of();
    private boolean nativeAccess;

    private Installation(Path path) {
        this.path = path;
    }

    /** Reads a plugin and resolves it, as far as possible. */
    static Installation of(Path path, Trust trust) {
        Installation installation = new Installation(path);
        try {
            installation.resolve(trust);
        } catch (PluginException e) {
            installation.reject(e);
        } catch (RuntimeException | Error e) { // A damaged file may make its readers throw anything.
            installation.reject(new PluginException(Gate.INSTALLED, "it cannot be read: " + e, e));
        }
        return installation;
    }

    /** A plugin that is not even read. */
    static Installation rejected(Path path, PluginException why) {
        Installation installation = new Installation(path);
        installation.reject(why);
        return installation;
    }

    private void resolve(Trust trust) throws PluginException {
        PluginFiles files = PluginFiles.of(path);
        String hash = files.sha256(Files.isDirectory(path));
        sha256 = Optional.of(hash);
        Map<String, ModuleReference> modules = files.modules();
        ModuleDescriptor provider = PluginFiles.provider(modules);
        descriptor = Optional.of(provider);
        trust.admit(provider.name(), hash);
        nativeAccess = trust.nativeModules().contains(provider.name());
        PluginLayer layer = PluginLayer.define(files.jars(), provider, modules.keySet(), nativeAccess);
        List<KernelSource> found = new ArrayList<>();
        List<String> classes = PluginFiles.providerClasses(provider);
        for (int i = 0; i < classes.size(); i++) {
            int index = i;
            found.add(new KernelSource(classes.get(i), artifact(), () -> layer.provider(index)));
        }
        sources = found;
        state = Plugin.State.RESOLVED;
    }

    void reject(PluginException why) {
        stop(
                Plugin.State.REJECTED,
                new Stop(why.gate(), Candidate.State.REJECTED, why.reason(), Optional.ofNullable(why.getCause())));
    }

    void supersededBy(Installation newer) {
        String why = newer.description() + " in " + newer.name() + " is newer; this is "
                + descriptor
                        .flatMap(ModuleDescriptor::rawVersion)
                        .map(v -> "version " + v)
                        .orElse("without a version");
        stop(Plugin.State.SUPERSEDED, new Stop(Gate.RESOLVED, Candidate.State.SUPERSEDED, why, Optional.empty()));
    }

    private void stop(Plugin.State newState, Stop stop) {
        state = newState;
        reason = Optional.of(stop.reason());
        sources = List.of(KernelSource.stopped(name(), artifact(), stop));
    }

    boolean isResolved() {
        return state == Plugin.State.RESOLVED;
    }

    String name() {
        return PrintableText.line(path.getFileName().toString());
    }

    String module() {
        return descriptor.map(ModuleDescriptor::name).orElse("");
    }

    Version comparableVersion() {
        return descriptor.flatMap(ModuleDescriptor::version).orElse(NO_VERSION);
    }

    /** Module and version, for messages. */
    String description() {
        return "module " + module()
                + descriptor
                        .flatMap(ModuleDescriptor::rawVersion)
                        .map(v -> " " + v)
                        .orElse("");
    }

    private Artifact artifact() {
        return Artifact.ofPlugin(
                descriptor.map(ModuleDescriptor::name).orElse("(unknown)"),
                descriptor.flatMap(ModuleDescriptor::rawVersion),
                path.toString(),
                sha256,
                nativeAccess);
    }

    Plugin plugin() {
        return new Plugin(
                path,
                descriptor.map(ModuleDescriptor::name),
                descriptor.flatMap(ModuleDescriptor::rawVersion),
                sha256,
                state,
                reason,
                sources);
    }
}
