package io.qk256.spi.plugin;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The jars of a plugin and the modules in them.
 *
 * @param jars in the order of their file names
 */
record PluginFiles(List<Path> jars) {

    private static final String CONTRACT = "io.qk256.spi";
    private static final String SERVICE = KernelProvider.class.getName();

    /** The maximum number of jars, and of kernels, in a plugin. */
    private static final int MAX_PARTS = 100;

    private static final int MAX_ENTRIES = 50_000;
    private static final long MAX_ENTRY_BYTES = 1 << 20;

    /** Module names are displayed and typed. */
    private static final int MAX_NAME = 200;

    static boolean isJarName(Path file) {
        return file.getFileName().toString().endsWith(".jar");
    }

    private static boolean isJar(Path file) {
        return isJarName(file) && Files.isRegularFile(file);
    }

    /** Returns the jars of a plugin that is a single jar or a folder. */
    static PluginFiles of(Path plugin) throws PluginException {
        if (isJar(plugin)) {
            return new PluginFiles(List.of(plugin));
        }
        if (!Files.isDirectory(plugin)) {
            throw new PluginException(
                    Gate.INSTALLED,
                    Files.exists(plugin)
                            ? "it is neither a file nor a folder; put the jar itself there"
                            : "it is a broken link; put the jar itself there");
        }
        try (Stream<Path> files = Files.list(plugin)) {
            List<Path> jars = files.filter(PluginFiles::isJar)
                    .sorted(Comparator.comparing(Path::getFileName))
                    .toList();
            if (jars.isEmpty()) {
                throw new PluginException(
                        Gate.INSTALLED, "there is no jar in this folder; put the plugin's jars into it");
            }
            if (jars.size() > MAX_PARTS) {
                throw new PluginException(
                        Gate.INSTALLED,
                        "there are " + jars.size() + " jars in this folder, expected " + MAX_PARTS
                                + " or less: one kernel and its libraries");
            }
            return new PluginFiles(jars);
        } catch (IOException | UncheckedIOException e) {
            throw new PluginException(Gate.INSTALLED, "the folder cannot be read: " + e, e);
        }
    }

    /** The hash of the only jar, or of the lines that {@code sha256sum} prints for several jars. */
    String sha256(boolean folder) throws PluginException {
        StringBuilder lines = new StringBuilder();
        for (Path jar : jars) {
            try {
                String hash = Artifact.sha256(jar);
                if (!folder) {
                    return hash;
                }
                lines.append(hash).append("  ").append(jar.getFileName()).append('\n');
            } catch (IOException e) {
                throw new PluginException(Gate.INSTALLED, jar.getFileName() + " cannot be read: " + e, e);
            }
        }
        return Artifact.sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** The modules by name, each checked to be suitable for a plugin. */
    Map<String, ModuleReference> modules() throws PluginException {
        Map<String, ModuleReference> modules = new TreeMap<>();
        Map<String, Path> jarOf = new TreeMap<>();
        Map<String, Path> jarOfPackage = new TreeMap<>();
        for (Path jar : jars) {
            ModuleReference module = module(jar);
            String name = module.descriptor().name();
            requireNoContract(jar, module.descriptor());
            Path other = jarOf.putIfAbsent(name, jar);
            if (other != null) {
                throw new PluginException(
                        Gate.INSTALLED,
                        other.getFileName() + " and " + jar.getFileName() + " are both module " + name
                                + "; keep one of them");
            }
            for (String packaged : module.descriptor().packages()) {
                Path split = jarOfPackage.putIfAbsent(packaged, jar);
                if (split != null) {
                    throw new PluginException(
                            Gate.INSTALLED,
                            "package " + packaged + " is in " + split.getFileName() + " and in " + jar.getFileName()
                                    + "; remove it from one of them");
                }
            }
            modules.put(name, module);
        }
        return modules;
    }

    private static ModuleReference module(Path jar) throws PluginException {
        requireBoundedEntries(jar);
        ModuleReference module;
        try {
            module = ModuleFinder.of(jar).findAll().stream()
                    .findFirst()
                    .orElseThrow(() -> new FindException("there is no module in it"));
        } catch (FindException e) {
            throw new PluginException(Gate.INSTALLED, jar.getFileName() + " is not a valid jar: " + words(e), e);
        }
        String name = module.descriptor().name();
        if (!PrintableText.line(name, MAX_NAME).equals(name)) { // Java allows control characters in module names.
            throw new PluginException(
                    Gate.INSTALLED,
                    jar.getFileName() + ": the name of its module is " + PrintableText.line(name, MAX_NAME)
                            + ", expected " + MAX_NAME + " characters or less and none that cannot be shown");
        }
        if (module.descriptor().isAutomatic()) {
            requireName(jar, module.descriptor());
        }
        return module;
    }

    /** Entries that every reader of a jar loads into memory as a whole must not be a zip bomb. */
    private static void requireBoundedEntries(Path jar) throws PluginException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            if (zip.size() > MAX_ENTRIES) {
                throw new PluginException(
                        Gate.INSTALLED,
                        jar.getFileName() + " has " + zip.size() + " entries, expected " + MAX_ENTRIES + " or less");
            }
            for (ZipEntry entry : Collections.list(zip.entries())) {
                String name = entry.getName().toUpperCase(Locale.ROOT);
                boolean read = name.equals("META-INF/MANIFEST.MF")
                        || name.startsWith("META-INF/SERVICES/")
                        || name.endsWith("MODULE-INFO.CLASS");
                if (read && entry.getSize() > MAX_ENTRY_BYTES) {
                    throw new PluginException(
                            Gate.INSTALLED,
                            entry.getName() + " in " + jar.getFileName() + " has " + entry.getSize()
                                    + " bytes, expected " + MAX_ENTRY_BYTES + " or less");
                }
            }
        } catch (IOException e) {
            throw new PluginException(Gate.INSTALLED, jar.getFileName() + " is not a valid jar: " + words(e), e);
        }
    }

    /** The JVM's message, and the messages of its causes from the file system or the zip reader. */
    private static String words(Throwable thrown) {
        List<String> words = new ArrayList<>();
        for (Throwable next = thrown; next != null; next = next.getCause()) {
            words.add(next.getMessage() == null ? next.getClass().getSimpleName() : next.getMessage());
        }
        return String.join(": ", words);
    }

    private static void requireNoContract(Path jar, ModuleDescriptor module) throws PluginException {
        if (module.name().equals(CONTRACT)) {
            throw new PluginException(
                    Gate.INSTALLED,
                    jar.getFileName() + " is the contract itself (module " + CONTRACT
                            + "), which the application provides; remove it");
        }
        for (String name : module.packages()) {
            if (name.equals(CONTRACT) || name.startsWith(CONTRACT + ".")) {
                throw new PluginException(
                        Gate.INSTALLED,
                        jar.getFileName() + " contains classes of the contract (package " + name
                                + "), which the application provides; build it without them");
            }
        }
    }

    /** A module without a descriptor is named after its file, unless the manifest has a name. */
    private static void requireName(Path jar, ModuleDescriptor module) throws PluginException {
        if (provides(module)) {
            throw new PluginException(
                    Gate.INSTALLED,
                    jar.getFileName() + " names its provider in META-INF/services only;"
                            + " a plugin is known by the name of its module: add a module-info.java with 'provides "
                            + SERVICE
                            + " with ...'");
        }
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            if (manifest == null
                    || manifest.getMainAttributes().getValue(new Attributes.Name("Automatic-Module-Name")) == null) {
                throw new PluginException(
                        Gate.INSTALLED,
                        jar.getFileName()
                                + " is not a module: it has neither a module-info.class nor an Automatic-Module-Name");
            }
        } catch (IOException e) {
            throw new PluginException(Gate.INSTALLED, jar.getFileName() + " cannot be read: " + e, e);
        }
    }

    private static boolean provides(ModuleDescriptor module) {
        return module.provides().stream()
                .anyMatch(provides -> provides.service().equals(SERVICE));
    }

    /** The one module that provides kernels, a limited number of them. */
    static ModuleDescriptor provider(Map<String, ModuleReference> modules) throws PluginException {
        List<ModuleDescriptor> providers = modules.values().stream()
                .map(ModuleReference::descriptor)
                .filter(PluginFiles::provides)
                .toList();
        if (providers.isEmpty()) {
            throw new PluginException(
                    Gate.INSTALLED,
                    "no provider: "
                            + (modules.size() == 1 ? "module " : "none of the modules ")
                            + String.join(", ", modules.keySet())
                            + (modules.size() == 1 ? " does not declare" : " declares") + " 'provides " + SERVICE
                            + " with ...'");
        }
        if (providers.size() > 1) {
            throw new PluginException(
                    Gate.INSTALLED,
                    "the modules "
                            + providers.stream().map(ModuleDescriptor::name).collect(Collectors.joining(", "))
                            + " all provide kernels; give each a folder of its own");
        }
        int kernels = providerClasses(providers.getFirst()).size();
        if (kernels > MAX_PARTS) {
            throw new PluginException(
                    Gate.INSTALLED, "it provides " + kernels + " kernels, expected " + MAX_PARTS + " or less");
        }
        return providers.getFirst();
    }

    /** The classes with which a module provides kernels, in the order of its descriptor. */
    static List<String> providerClasses(ModuleDescriptor module) {
        return module.provides().stream()
                .filter(provides -> provides.service().equals(SERVICE))
                .flatMap(provides -> provides.providers().stream())
                .toList();
    }
}
