package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.Artifact;
import io.qk256.testing.LongTest;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jars off the module path, all or some of them: class path, one shaded jar, both paths. */
class ClassPathIT {

    private static final Path TARGET = Path.of(System.getProperty("qk256.target", "target"));
    private static final String SERVICE = KernelProvider.class.getName();
    private static final String SERVICES = "META-INF/services/";
    private static final String VECTOR = "--add-modules=jdk.incubator.vector";
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    private static final int TIMEOUT_MINUTES = 10;

    @TempDir
    private Path work;

    /** The result of a run. */
    private record Result(int exit, String out, String err) {

        /** The fields of a line printed by {@link Engine}. */
        List<String> kernel(String name) {
            return out.lines()
                    .filter(line -> line.startsWith(name + "|"))
                    .map(line -> List.of(line.split("\\|", 6)))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no kernel " + name + " in " + out + err));
        }
    }

    private static List<Path> jars(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static List<Path> jars() throws IOException {
        return jars(TARGET.resolve("qk256/lib"));
    }

    private static Path jar(String name) throws IOException {
        return jars().stream()
                .filter(jar -> jar.getFileName().toString().startsWith(name + "-"))
                .findFirst()
                .orElseThrow();
    }

    private static Path engine() {
        try {
            return Path.of(Engine.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String path(List<Path> entries) {
        return String.join(
                File.pathSeparator,
                entries.stream().map(Path::toAbsolutePath).map(Path::toString).toList());
    }

    private static List<Path> with(List<Path> entries, Path... more) {
        return Stream.concat(entries.stream(), Arrays.stream(more)).toList();
    }

    private Result java(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Dqk256.native.dir=" + TARGET.resolve("native").toAbsolutePath());
        command.addAll(Arrays.asList(arguments));
        Path out = work.resolve("out");
        Path err = work.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(Files.write(work.resolve("in"), new byte[0]).toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().remove("QK256_PLUGINS");
        builder.environment()
                .put("QK256_CACHE_DIR", TARGET.resolve("cache").toAbsolutePath().toString());
        Process process = builder.start();
        if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IllegalStateException("no end after " + TIMEOUT_MINUTES + " minutes: " + command);
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** Merges all jars into one, as shading does: service files are merged. The first module descriptor stays, without effect. */
    private Path shaded(List<Path> jars) throws IOException {
        Map<String, ByteArrayOutputStream> services = new LinkedHashMap<>();
        Map<String, Path> seen = new LinkedHashMap<>();
        Path shaded = work.resolve("all in one.jar");
        try (OutputStream out = Files.newOutputStream(shaded);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Path path : jars) {
                try (JarFile jar = new JarFile(path.toFile())) {
                    for (JarEntry entry : Collections.list(jar.entries())) {
                        String name = entry.getName();
                        if (entry.isDirectory() || name.endsWith(".MF")) {
                            continue;
                        }
                        try (InputStream in = jar.getInputStream(entry)) {
                            if (name.startsWith(SERVICES)) {
                                ByteArrayOutputStream list =
                                        services.computeIfAbsent(name, key -> new ByteArrayOutputStream());
                                in.transferTo(list);
                                list.write('\n');
                            } else if (seen.putIfAbsent(name, path) == null) {
                                zip.putNextEntry(new ZipEntry(name));
                                in.transferTo(zip);
                            }
                        }
                    }
                }
            }
            for (Map.Entry<String, ByteArrayOutputStream> list : services.entrySet()) {
                zip.putNextEntry(new ZipEntry(list.getKey()));
                zip.write(list.getValue().toByteArray());
            }
        }
        return shaded;
    }

    private static void assertWorks(Result result) {
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).contains("product 2088.0"); // -2 * 1 - 1 * 10 + 1 * 100 + 2 * 1000
        assertThat(result.err()).doesNotContain("Exception").doesNotContain("Error");
    }

    private static void assertVectorIsARowWithTheFlag(Result result) {
        List<String> vector = result.kernel("avx2-vector");
        assertThat(vector.get(1)).isEqualTo("rejected");
        if (!vector.get(5).startsWith("CPU features")) { // This machine has no AVX2.
            assertThat(vector.get(5)).startsWith("JVM: ").contains("--add-modules jdk.incubator.vector");
        }
    }

    /** The kernels that this machine can run according to the build. */
    private static void assertRequiredAreUsable(Result result, Predicate<String> others) {
        Arrays.stream(System.getProperty("qk256.tck.require", "").split(","))
                .filter(name -> !name.isBlank() && others.test(name))
                .forEach(name -> assertThat(result.kernel(name).get(1))
                        .as(result.kernel(name).toString())
                        .isEqualTo("usable"));
        assertThat(result.kernel("scalar").get(1)).isEqualTo("usable");
    }

    @Test
    void bothListsOfProvidersAreTheSame() throws IOException {
        List<String> modules = new ArrayList<>();
        for (Path path : jars()) {
            ModuleDescriptor module =
                    ModuleFinder.of(path).findAll().iterator().next().descriptor();
            List<String> provided = module.provides().stream()
                    .filter(provides -> provides.service().equals(SERVICE))
                    .flatMap(provides -> provides.providers().stream())
                    .toList();
            try (JarFile jar = new JarFile(path.toFile())) {
                JarEntry entry = jar.getJarEntry(SERVICES + SERVICE);
                List<String> listed = entry == null
                        ? List.of()
                        : new String(jar.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8)
                                .lines()
                                .toList();
                assertThat(listed).as(path.toString()).isEqualTo(provided);
            }
            if (!provided.isEmpty()) {
                modules.add(module.name());
            }
        }
        assertThat(modules).containsExactlyInAnyOrder("io.qk256.scalar", "io.qk256.avx2.vector", "io.qk256.avx2.jni");
    }

    @Test
    void withoutOptionsTheClassPathFindsEveryKernel() throws Exception {
        Result result = java("-cp", path(with(jars(), engine())), Engine.class.getName());
        assertWorks(result);
        assertRequiredAreUsable(result, name -> !name.equals("avx2-vector"));
        assertVectorIsARowWithTheFlag(result);
        for (String name : List.of("scalar", "avx2-vector", "avx2-native")) {
            List<String> kernel = result.kernel(name);
            Path jar = jar("kernel-" + name).toRealPath();
            assertThat(kernel.subList(2, 5)).containsExactly("(class path)", jar.toString(), Artifact.sha256(jar));
        }
    }

    @Test
    void withTheOptionsAllKernelsWorkAndNothingWarns() throws Exception {
        Result result = java(VECTOR, NATIVE, "-cp", path(with(jars(), engine())), Engine.class.getName());
        assertWorks(result);
        assertRequiredAreUsable(result, name -> true);
        assertThat(result.err().lines().filter(line -> !line.contains("Using incubator modules")))
                .isEmpty();
    }

    /** Denied by option, until a later JDK denies it by default. */
    @Test
    void whereNativeAccessIsDeniedTheNativeKernelIsARowWithTheFlag() throws Exception {
        Result result =
                java("--illegal-native-access=deny", "-cp", path(with(jars(), engine())), Engine.class.getName());
        assertWorks(result);
        List<String> kernel = result.kernel("avx2-native");
        assertThat(kernel.get(1)).isEqualTo("rejected");
        if (kernel.get(5).startsWith("opened")) {
            assertThat(kernel.get(5)).contains("--enable-native-access=ALL-UNNAMED");
        }
    }

    @Test
    void oneShadedJarFindsEveryKernel() throws Exception {
        Path shaded = shaded(jars());
        Result result = java("-cp", path(List.of(shaded, engine())), Engine.class.getName());
        assertWorks(result);
        assertRequiredAreUsable(result, name -> !name.equals("avx2-vector"));
        assertVectorIsARowWithTheFlag(result);
        assertThat(result.kernel("avx2-native").subList(2, 5))
                .containsExactly("(class path)", shaded.toString(), Artifact.sha256(shaded));
        Result all = java(VECTOR, NATIVE, "-cp", path(List.of(shaded, engine())), Engine.class.getName());
        assertWorks(all);
        assertRequiredAreUsable(all, name -> true);
    }

    @Test
    void kernelsOnTheModulePathServeAnApplicationOnTheClassPath() throws Exception {
        List<Path> kernels = jars().stream()
                .filter(jar -> jar.getFileName().toString().startsWith("kernel-"))
                .toList();
        List<Path> others =
                jars().stream().filter(jar -> !kernels.contains(jar)).toList();
        Result result = java(
                "-p",
                path(kernels),
                "--add-modules=io.qk256.spi",
                "--enable-native-access=io.qk256.avx2.jni",
                "-cp",
                path(with(others, engine())),
                Engine.class.getName());
        assertWorks(result);
        assertRequiredAreUsable(
                result, name -> true); // The vector kernel's module descriptor adds the incubator module.
        assertThat(result.kernel("avx2-vector").get(2)).isEqualTo("io.qk256.avx2.vector");
        assertThat(result.err().lines().filter(line -> !line.contains("Using incubator modules")))
                .isEmpty();
    }

    @Test
    void theApplicationProvesAKernelFromTheClassPath() throws Exception {
        Result result = java(NATIVE, "-cp", path(jars()), "io.qk256.app.Main", "check");
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).contains("is right");
    }

    @Test
    void kernelsOfTheClassPathAreProbed() throws Exception {
        for (String classPath : List.of(path(jars()), shaded(jars()).toString())) {
            Result result = java(
                    NATIVE,
                    "-cp",
                    classPath,
                    "io.qk256.app.Main",
                    "--probe=all",
                    "--probe-seconds=600",
                    "explain",
                    "scalar");
            assertThat(result.exit()).as(result.err()).isZero();
            assertThat(result.out()).containsPattern("probed +passed +passed all gates in a JVM of its own");
        }
    }

    @LongTest
    @Test
    void theKitTestsAKernelOfTheClassPath() throws Exception {
        List<Path> all = with(jars(), jars(TARGET.resolve("qk256/lib/kit")).toArray(Path[]::new));
        String kit = "io.qk256.tck.runner.TckMain";
        for (String classPath : List.of(path(all), shaded(all).toString())) {
            Result result = java(
                    "-cp",
                    classPath,
                    kit,
                    "--provider",
                    "scalar",
                    "--rule",
                    "1",
                    "--time-limit",
                    "600",
                    "--jvm-option",
                    Application.SIMPLE_COMPILER);
            assertThat(result.exit()).as(result.err()).isZero();
            assertThat(result.out()).contains("scalar: PASSED: 1 of 1 MUST rules");
        }
        Result refused = java("-cp", path(all), kit, "--provider", "scalar", "--no-native");
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err()).contains("--no-native: the kit was started from the class path");
    }
}
