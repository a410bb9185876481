package io.qk256.spi.plugin;

import io.qk256.spi.Kernel;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.spi.ToolProvider;

/**
 * A plugin module that is compiled for a test. By default it is named {@code example.NAME} and
 * provides the correct but slow kernel of {@code Provider.java.txt} under that name.
 */
final class TestPlugin {

    private final String name;
    private final Map<String, String> sources = new TreeMap<>();
    private final List<Path> modulePath = new ArrayList<>();
    private final List<String> classesTakenOut = new ArrayList<>();
    private String version = "";
    private String manifest = "";

    private TestPlugin(String name) {
        this.name = name;
    }

    /** A module without code. */
    static TestPlugin empty(String name) {
        return new TestPlugin(name).source("module-info.java", "module example." + name + " {}");
    }

    /** A module that provides a kernel. */
    static TestPlugin kernel(String name) throws IOException {
        String provider;
        try (InputStream text = Objects.requireNonNull(TestPlugin.class.getResourceAsStream("Provider.java.txt"))) {
            provider = new String(text.readAllBytes(), StandardCharsets.UTF_8);
        }
        return new TestPlugin(name)
                .source(
                        "example/" + name + "/Provider.java",
                        provider.replace("PACKAGE", name).replace("NAME", name))
                .descriptor("");
    }

    /** Adds directives to the descriptor of a module that provides a kernel. */
    TestPlugin descriptor(String directives) {
        return source(
                "module-info.java",
                "module example." + name + " { requires io.qk256.spi; " + directives
                        + " provides io.qk256.spi.KernelProvider with example." + name + ".Provider; }");
    }

    TestPlugin source(String file, String text) {
        sources.put(file, text);
        return this;
    }

    /** Removes a compiled class. */
    TestPlugin withoutClass(String file) {
        classesTakenOut.add(file);
        return this;
    }

    TestPlugin without(String file) {
        sources.remove(file);
        return this;
    }

    TestPlugin replacing(String seen, String replacement) {
        String file = "example/" + name + "/Provider.java";
        String text = Objects.requireNonNull(sources.get(file));
        if (!text.contains(seen)) {
            throw new IllegalArgumentException("the provider's text has no: " + seen);
        }
        return source(file, text.replace(seen, replacement));
    }

    /** Adds code where the provider opens its kernel. */
    TestPlugin opening(String statements) {
        return replacing("return new Plain();", statements + " return new Plain();");
    }

    TestPlugin version(String newVersion) {
        version = newVersion;
        return this;
    }

    TestPlugin manifest(String line) {
        manifest = line;
        return this;
    }

    TestPlugin on(Path module) {
        modulePath.add(module);
        return this;
    }

    /** Compiles it and creates the jar. */
    Path jar(Path file) throws IOException {
        Path work = Files.createTempDirectory("plugin");
        try {
            return jar(file, work);
        } finally {
            deleteTree(work);
        }
    }

    private Path jar(Path file, Path work) throws IOException {
        List<String> compile = new ArrayList<>(List.of("-proc:none", "-nowarn", "-Xlint:none"));
        modulePath.add(contract());
        String path = String.join(
                java.io.File.pathSeparator,
                modulePath.stream().map(Path::toString).toList());
        compile.addAll(List.of(sources.containsKey("module-info.java") ? "-p" : "-cp", path));
        compile.addAll(List.of("-d", work.resolve("classes").toString()));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            if (source.getKey().endsWith(".java")) {
                compile.add(write(work.resolve("src"), source).toString());
            } else {
                write(work.resolve("classes"), source);
            }
        }
        run("javac", compile);
        for (String taken : classesTakenOut) {
            Files.delete(work.resolve("classes").resolve(taken));
        }
        Path attributes = Files.writeString(work.resolve("manifest"), manifest.isEmpty() ? "" : manifest + "\n");
        List<String> pack = new ArrayList<>(List.of("--create", "--file", file.toString()));
        pack.addAll(List.of("--manifest", attributes.toString()));
        if (!version.isEmpty()) {
            pack.addAll(List.of("--module-version", version));
        }
        pack.addAll(List.of("-C", work.resolve("classes").toString(), "."));
        run("jar", pack);
        return file;
    }

    private static Path write(Path directory, Map.Entry<String, String> source) throws IOException {
        Path file = directory.resolve(source.getKey());
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        return Files.writeString(file, source.getValue());
    }

    private static void run(String tool, List<String> arguments) {
        int exit = ToolProvider.findFirst(tool)
                .orElseThrow()
                .run(System.out, System.err, arguments.toArray(String[]::new));
        if (exit != 0) {
            throw new IllegalStateException(tool + " failed: " + arguments);
        }
    }

    /** The classes of the contract, as a module. */
    static Path contract() {
        try {
            return Path.of(Kernel.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            Path[] deepestFirst = files.toArray(Path[]::new);
            Arrays.sort(deepestFirst, java.util.Comparator.reverseOrder());
            for (Path file : deepestFirst) {
                Files.delete(file);
            }
        }
    }
}
