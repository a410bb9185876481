package io.qk256.tck.runner;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.support.ChildClassPath;
import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.io.File;
import java.io.IOException;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The module path of the child JVM, or its class path: that of this JVM, and what the options add to a module path. */
final class ModulePath {

    private final List<Path> entries = new ArrayList<>();
    private final Optional<Path> plugin;

    ModulePath(Options options) throws IOException {
        plugin = options.plugin();
        if (isClassPath()) {
            refuse(options);
            return;
        }
        entries.addAll(split(System.getProperty("jdk.module.path", "")));
        List<Path> given = Stream.concat(options.modulePath().stream(), options.plugin().stream())
                .toList();
        for (Path entry : given) {
            if (!Files.exists(entry)) {
                throw new NoSuchFileException(entry.toString(), null, "no such jar or directory");
            }
        }
        entries.addAll(given);
        if (options.plugins().isPresent()) {
            entries.addAll(plugins(options.plugins().get()));
        }
    }

    /** Whether the TCK was started from the class path. */
    static boolean isClassPath() {
        return !TckMain.class.getModule().isNamed();
    }

    /** Everything on a class path is in one module, so its kernels and native access cannot be chosen one by one. */
    private static void refuse(Options options) {
        List<String> wrong = new ArrayList<>();
        options.plugins().ifPresent(path -> wrong.add("--plugins"));
        options.plugin().ifPresent(path -> wrong.add("--plugin"));
        if (!options.modulePath().isEmpty()) {
            wrong.add("--module-path");
        }
        if (!options.nativeAccess()) {
            wrong.add("--no-native");
        }
        if (!wrong.isEmpty()) {
            throw new UserError(String.join(", ", wrong)
                    + ": the kit was started from the class path, where it tests the kernels that are there; start it from the"
                    + " module path: java -p MODULES -m io.qk256.tck/" + TckMain.class.getName());
        }
    }

    /**
     * Returns the JVM options with which the child finds the kernels.
     *
     * @param nativeAccess whether they may run native code
     * @param directory where copies of nested jars go
     */
    List<String> options(boolean nativeAccess, Path directory) throws IOException {
        if (isClassPath()) {
            String modules = ModuleLayer.boot().modules().stream()
                    .map(Module::getName)
                    .sorted()
                    .collect(Collectors.joining(","));
            return List.of(
                    "--add-modules=" + modules,
                    "--enable-native-access=ALL-UNNAMED",
                    "--class-path=" + ChildClassPath.join(ChildClassPath.ofApplication(directory)));
        }
        List<String> withNativeCode = new ArrayList<>(nativeAccess ? kernelModules() : List.of());
        withNativeCode.add("io.qk256.tck");
        List<String> options = new ArrayList<>();
        options.add("--enable-native-access=" + String.join(",", withNativeCode));
        if (!nativeAccess) {
            options.add("--illegal-native-access=deny");
        }
        options.add("--module-path=" + this);
        return options;
    }

    static List<Path> split(String path) {
        return Arrays.stream(path.split(File.pathSeparator))
                .filter(entry -> !entry.isBlank())
                .map(ModulePath::path)
                .toList();
    }

    private static Path path(String entry) {
        try {
            return Path.of(entry);
        } catch (InvalidPathException e) {
            throw new UserError("--module-path " + entry + ": is not a valid file name here: " + e.getMessage(), e);
        }
    }

    /**
     * Each jar, and each folder of jars, is a plugin; one that is not a module is left out, since it would break the
     * rest.
     */
    private static List<Path> plugins(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        try (Stream<Path> plugins = Files.list(directory)) {
            return plugins.filter(plugin ->
                            Files.isDirectory(plugin) || plugin.toString().endsWith(".jar"))
                    .filter(ModulePath::isReadable)
                    .sorted()
                    .toList();
        }
    }

    private static boolean isReadable(Path entry) {
        try {
            ModuleFinder.of(entry).findAll();
            return true;
        } catch (FindException e) {
            System.err.println(PrintableText.line("left out: " + entry + ": " + e.getMessage()));
            return false;
        }
    }

    /** The modules that provide kernels, and all modules of the plugin: they may run native code here. */
    private List<String> kernelModules() {
        Stream<ModuleDescriptor> providing = modules(entries.toArray(Path[]::new))
                .filter(module -> module.provides().stream()
                        .anyMatch(provides -> provides.service().equals(KernelProvider.class.getName())));
        return Stream.concat(providing, plugin.stream().flatMap(ModulePath::modules))
                .map(ModuleDescriptor::name)
                .distinct()
                .sorted()
                .toList();
    }

    private static Stream<ModuleDescriptor> modules(Path... entries) {
        return ModuleFinder.of(entries).findAll().stream().map(ModuleReference::descriptor);
    }

    static String join(List<Path> entries) {
        return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    @Override
    public String toString() {
        return join(entries);
    }
}
