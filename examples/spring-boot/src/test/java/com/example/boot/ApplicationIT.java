package com.example.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts the executable jar as deployed. */
class ApplicationIT {

    private static final Path JAR = Path.of(System.getProperty("jar"));
    private static final String VECTOR = "--add-modules=jdk.incubator.vector";

    @TempDir
    private Path work;

    /** Exit code and output of a run. */
    private record Result(int exit, String out, String err) {

        /** The fields of a kernel's output line. */
        List<String> kernel(String name) {
            return out.lines()
                    .filter(line -> line.startsWith(name + "|"))
                    .map(line -> List.of(line.split("\\|", 6)))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no kernel " + name + " in " + this));
        }

        void assertWorks() {
            assertEquals(0, exit, toString());
            assertTrue(out.contains("product 2088.0"), toString());
            assertFalse(err.contains("restricted method"), err);
            assertFalse(err.contains("Error"), err);
        }
    }

    private Result run(List<String> options, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-jar", JAR.toString()));
        command.addAll(Arrays.asList(arguments));
        Path out = work.resolve("out");
        Path err = work.resolve("err");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IllegalStateException("no end: " + command);
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static JarEntry nested(JarFile jar, String name) {
        return Collections.list(jar.entries()).stream()
                .filter(entry -> entry.getName().startsWith("BOOT-INF/lib/" + name + "-"))
                .findFirst()
                .orElseThrow();
    }

    private static byte[] bytes(String name) throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile());
                InputStream in = jar.getInputStream(nested(jar, name))) {
            return in.readAllBytes();
        }
    }

    @Test
    void kernelsAreFoundInTheNestedJars() throws Exception {
        Result result = run(List.of());
        result.assertWorks();
        assertEquals("usable", result.kernel("scalar").get(1));
        for (String name : List.of("scalar", "avx2-vector", "avx2-native")) {
            List<String> kernel = result.kernel(name);
            assertEquals("(class path)", kernel.get(2));
            assertTrue(kernel.get(3).matches("jar:nested:.*BOOT-INF/lib/kernel-" + name + ".*"), kernel.get(3));
            // Verdicts are kept under the hash of the nested jar.
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes("kernel-" + name));
            assertEquals(HexFormat.of().formatHex(hash), kernel.get(4));
        }
    }

    @Test
    void theVectorKernelIsARowWithTheFlag() throws Exception {
        String without = run(List.of()).kernel("avx2-vector").get(5);
        if (without.startsWith("CPU features")) {
            return; // This machine has no AVX2.
        }
        assertTrue(without.startsWith("JVM: ") && without.contains("--add-modules jdk.incubator.vector"), without);
        Result with = run(List.of(VECTOR));
        with.assertWorks();
        assertEquals("usable", with.kernel("avx2-vector").get(1));
    }

    /** Its library is loaded out of the nested jar. */
    @Test
    void theNativeKernelWorksIfItsLibraryWasBuilt() throws Exception {
        List<String> kernel = run(List.of()).kernel("avx2-native");
        boolean cannot = kernel.get(5).startsWith("CPU features") || kernel.get(5).contains("without its native library")
                || kernel.get(5).contains("machine code for x86_64") || kernel.get(5).contains("the CPU lacks");
        assertEquals(cannot ? "rejected" : "usable", kernel.get(1), kernel.toString());
    }

    @Test
    void kernelsOfTheJarAreProbedInJvmsOfTheirOwn() throws Exception {
        Result result = run(List.of(), "probe");
        result.assertWorks();
        assertEquals("usable", result.kernel("scalar").get(1), result.toString());
    }

    @Test
    void aPluginBesideTheJarIsProbedAndUsed() throws Exception {
        Path jar = Files.write(Files.createDirectory(work.resolve("plugins")).resolve("a.jar"), bytes("kernel-scalar"));
        Result result = run(List.of(), "plugins", work.resolve("plugins").toString());
        result.assertWorks();
        List<String> kernel = result.kernel("scalar");
        assertEquals(List.of("usable", "io.qk256.scalar", jar.toString()), kernel.subList(1, 4), result.toString());
    }

    @Test
    void theKitTestsAKernelOfTheJar() throws Exception {
        Result result = run(List.of(), "tck", "scalar");
        assertEquals(0, result.exit(), result.toString());
        assertTrue(result.out().contains("kernel-scalar-"), result.out());
    }
}
