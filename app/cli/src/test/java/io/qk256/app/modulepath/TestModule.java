package io.qk256.app.modulepath;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.spi.ToolProvider;

/** A provider's module, compiled for a test from {@code Provider.java.txt} with some of the text replaced. */
final class TestModule {

    private static final String DESCRIPTOR = """
            module example.PACKAGE {
                requires io.qk256.spi;

                provides io.qk256.spi.KernelProvider with
                        example.PACKAGE.Provider;
            }
            """;

    private final String name;
    private String source;

    TestModule(String name) throws IOException {
        this.name = name;
        try (InputStream text = Objects.requireNonNull(TestModule.class.getResourceAsStream("Provider.java.txt"))) {
            source = named(new String(text.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private String named(String text) {
        return text.replace("PACKAGE", name.replace("-", "")).replace("NAME", name);
    }

    /** Returns the module with some text of its provider replaced. */
    TestModule replacing(String seen, String replacement) {
        if (!source.contains(seen)) {
            throw new IllegalArgumentException("the provider's text has no: " + seen);
        }
        source = source.replace(seen, replacement);
        return this;
    }

    /** Compiles it into its own directory, which can be put on a module path. */
    Path compile(Path spi, Path parent) throws IOException {
        Path sources = Files.createDirectories(parent.resolve(name + "-src"));
        Path classes = parent.resolve(name);
        Path descriptor = Files.writeString(sources.resolve("module-info.java"), named(DESCRIPTOR));
        Path provider = Files.writeString(sources.resolve("Provider.java"), source);
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-p", spi.toString(), "-d", classes.toString()));
        arguments.add(descriptor.toString());
        arguments.add(provider.toString());
        int exit = run("javac", arguments);
        if (exit != 0) {
            throw new IllegalStateException("javac failed on " + sources);
        }
        return classes;
    }

    /** Compiles it and packages it as a plugin. */
    Path jar(Path spi, Path parent, Path plugins) throws IOException {
        Path classes = compile(spi, parent);
        Path jar = Files.createDirectories(plugins).resolve(name + ".jar");
        int exit = run("jar", List.of("--create", "--file=" + jar, "-C", classes.toString(), "."));
        if (exit != 0) {
            throw new IllegalStateException("jar failed on " + classes);
        }
        return jar;
    }

    private static int run(String tool, List<String> arguments) {
        return ToolProvider.findFirst(tool).orElseThrow().run(System.out, System.err, arguments.toArray(String[]::new));
    }

    /** Compiles it and deletes one of its classes. */
    Path compileWithout(String className, Path spi, Path parent) throws IOException {
        Path classes = compile(spi, parent);
        Files.delete(classes.resolve("example/" + name.replace("-", "") + "/" + className + ".class"));
        return classes;
    }
}
