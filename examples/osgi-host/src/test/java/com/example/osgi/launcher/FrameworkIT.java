package com.example.osgi.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.example.osgi.Garbage;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;

/** The kernels in the framework that is on the class path. */
class FrameworkIT {

    private static final Path BUNDLES = Path.of(System.getProperty("bundles"));
    private static final int CHANGES = Integer.getInteger("changes");

    /** The JVM compiles Java code again after each change. */
    private static final int CHANGES_IN_JAVA = Math.min(CHANGES, 30);

    private static final String NATIVE = "io.qk256.avx2.jni";
    private static final String VECTOR = "io.qk256.avx2.vector";
    private static final String SCALAR = "io.qk256.scalar";

    @TempDir
    private Path work;

    private Host host;

    @BeforeEach
    void start() throws Exception {
        host = Host.start(BUNDLES, work.resolve("framework"), Map.of("com.example.osgi.warm-up", "0"));
    }

    @AfterEach
    void stop() throws Exception {
        host.close();
    }

    private static String row(String table, String name) {
        return table.lines()
                .filter(line -> line.startsWith(name + " "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no kernel " + name + " in:\n" + table));
    }

    /** The manifest says the same as the module's descriptor. */
    @Test
    void bundlesExportWhatTheirModulesExport() throws Exception {
        int modules = 0;
        try (Stream<Path> files = Files.list(BUNDLES)) {
            for (Path file : files.toList()) {
                ModuleDescriptor module =
                        ModuleFinder.of(file).findAll().iterator().next().descriptor();
                if (!module.name().startsWith("io.qk256.")) {
                    continue;
                }
                modules++;
                Bundle bundle = host.bundle(module.name());
                Set<String> exported = new TreeSet<>();
                for (BundleCapability capability :
                        bundle.adapt(BundleRevision.class).getDeclaredCapabilities(PackageNamespace.PACKAGE_NAMESPACE)) {
                    exported.add(capability.getAttributes().get(PackageNamespace.PACKAGE_NAMESPACE).toString());
                }
                Set<String> expected = new TreeSet<>();
                module.exports().forEach(exports -> expected.add(exports.source()));
                assertEquals(expected, exported, file.toString());
            }
        }
        assertEquals(6, modules);
    }

    private void assumeUsable(String... names) {
        String table = host.console("table");
        for (String name : names) {
            assumeTrue(!row(table, name).contains(" rejected "), table);
        }
    }

    @Test
    void allBundlesStartAndTheKernelsAreInTheTable() {
        assertEquals(List.of(), host.problems());
        assertTrue(host.framework().contains(System.getProperty("framework")), host.framework());
        String table = host.console("table");
        String version = System.getProperty("qk256.version").replace("-SNAPSHOT", "");
        for (String name : List.of("scalar", "avx2-vector", "avx2-native")) {
            assertTrue(row(table, name).contains("io.qk256."), table);
            assertTrue(row(table, name).contains(version), table);
        }
        assertFalse(row(table, "scalar").contains("rejected"), table);
    }

    @Test
    void withoutAKernelTheNextBestDecodesTheSameBitsAndNothingRemains() throws Exception {
        assumeUsable("avx2-native", "avx2-vector");
        host.console("decode 2 " + System.getProperty("model"));
        host.console("await 20");
        List<String> threads = threads();
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>(host.exchange(NATIVE, CHANGES));
        host.bundle(NATIVE).stop();
        host.console("settle");
        loaders.addAll(host.exchange(VECTOR, CHANGES_IN_JAVA));
        host.bundle(VECTOR).stop();
        host.console("settle");
        loaders.addAll(host.exchange(SCALAR, CHANGES_IN_JAVA));
        host.console("await 5");
        assertEquals(0, Garbage.remaining(loaders), loaders.size() + " class loaders were made");
        List<String> more = threads();
        threads.forEach(more::remove);
        assertEquals(List.of(), more, "threads that have been left behind");
        assertEquals(Set.of(), Garbage.libraries(1), "native libraries that are still loaded");
        String report = host.console("stop");
        System.out.println(host.framework() + ": " + report);
        assertTrue(report.contains(" different=0 "), report);
        for (String name : List.of("scalar ", "avx2-vector ", "avx2-native ")) {
            assertTrue(report.contains(System.lineSeparator() + name), report);
        }
    }

    /** The engine's warm-up and the pools of a framework, which end by themselves, do not count. */
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> !name.equals("qk256-warm-up") && !name.contains("Equinox Container"))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** A service is a candidate like any other, and the thread that decodes has nothing to do with it. */
    @Test
    void kernelsThatBundlesRegisterTakeTheSameGates() throws Exception {
        host.console("decode 1 " + System.getProperty("model"));
        Bundle bundle = host.install(jar());
        bundle.start();
        String table = host.console("table");
        assertTrue(row(table, "wrong").contains("self-test: "), table);
        assertTrue(row(table, "unavailable").contains("opened: opened by thread kernel-selection"), table);
        assertTrue(table.contains("scalar (com.example.osgi.bundle.Services$Provider) rejected"), table);
        assertTrue(table.contains("found: another provider is called 'scalar' too"), table);
        bundle.stop();
        host.console("await 3");
        assertFalse(host.console("table").contains("wrong"));
        assertTrue(host.console("stop").contains(" different=0 "));
    }

    private Path jar() throws Exception {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Bundle-ManifestVersion", "2");
        attributes.putValue("Bundle-SymbolicName", "com.example.osgi.bundle");
        attributes.putValue("Bundle-Activator", "com.example.osgi.bundle.Services");
        attributes.putValue("Import-Package", "io.qk256.spi,org.osgi.framework");
        Path jar = work.resolve("services.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out, manifest)) {
            for (String name : List.of("Services", "Services$Provider", "Services$Wrong")) {
                String entry = "com/example/osgi/bundle/" + name + ".class";
                entries.putNextEntry(new JarEntry(entry));
                try (InputStream in = getClass().getClassLoader().getResourceAsStream(entry)) {
                    in.transferTo(entries);
                }
            }
        }
        return jar;
    }

    /** The example of a kernel outside this project, if it was built. */
    @Test
    void aKernelOfAnotherProjectIsABundleAsWell() throws Exception {
        Path jar = Path.of(System.getProperty("other"));
        assumeTrue(Files.exists(jar), jar.toString());
        host.install(jar).start();
        String table = host.console("table");
        assertTrue(row(table, "avx512-native").contains("com.example.avx512 "), table);
        if (Files.exists(Path.of("/proc/cpuinfo")) && Files.readString(Path.of("/proc/cpuinfo")).contains("avx512_vnni")) {
            assertTrue(table.contains("selected: avx512-native"), table);
        }
    }

    /** In a JVM without the module, and without native access. */
    @Test
    void whatTheJvmLacksIsInTheTable() throws Exception {
        assumeUsable("avx2-native", "avx2-vector");
        Path out = work.resolve("out");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--illegal-native-access=deny",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "com.example.osgi.launcher.Launcher",
                        BUNDLES.toString())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        assertTrue(process.waitFor(10, TimeUnit.MINUTES));
        String table = Files.readString(out);
        assertEquals(0, process.exitValue(), table);
        assertTrue(row(table, VECTOR).contains("resolved: no bundle provides osgi.wiring.package"), table);
        assertTrue(row(table, VECTOR).contains("org.osgi.framework.system.packages.extra=jdk.incubator.vector"), table);
        assertTrue(row(table, "avx2-native").contains("opened: "), table);
        assertTrue(row(table, "avx2-native").contains("--enable-native-access=ALL-UNNAMED"), table);
        assertTrue(table.contains("selected: scalar"), table);
    }
}
