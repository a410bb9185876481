package com.example.osgi.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.example.osgi.Garbage;
import io.qk256.spi.plugin.PluginDirectory;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same without OSGi: kernels in a directory of plugins, which is read again while a model decodes. */
class LayersIT {

    private static final Path BUNDLES = Path.of(System.getProperty("bundles"));

    private static final int CHANGES = Integer.getInteger("changes");

    /** The JVM compiles Java code again after each change. */
    private static final int CHANGES_IN_JAVA = Math.min(CHANGES, 30);

    @TempDir
    private Path directory;

    private PluginDirectory plugins;
    private final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();

    private static Path jar(String name) throws Exception {
        try (Stream<Path> files = Files.list(BUNDLES)) {
            return files.filter(file -> file.getFileName().toString().startsWith(name + "-0"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Selection select() throws Exception {
        return KernelSelector.select(
                plugins.refresh().sources(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
    }

    private String refresh(Decoder decoder) throws Exception {
        Selection selection = select();
        Candidate selected = selection.selected().orElseThrow(() -> new AssertionError(selection.toString()));
        decoder.use(selected.name(), selection.kernel());
        loaders.add(new WeakReference<>(selection.kernel().getClass().getClassLoader()));
        decoder.await(2);
        return selected.name();
    }

    @Test
    void afterRefreshAPluginInJavaThatIsGoneLeavesNothing() throws Exception {
        exchange(jar("kernel-avx2-vector"), "avx2-vector", CHANGES_IN_JAVA);
    }

    /** The example of a kernel outside this project, if it was built and the CPU can run it. */
    @Test
    void afterRefreshANativePluginThatIsGoneLeavesNothing() throws Exception {
        Path jar = Path.of(System.getProperty("other"));
        assumeTrue(Files.exists(jar), jar.toString());
        exchange(jar, "avx512-native", CHANGES);
        assertEquals(Set.of(), Garbage.libraries(1), "native libraries that are still loaded");
    }

    private void exchange(Path kernel, String name, int changes) throws Exception {
        plugins = PluginDirectory.open(directory).allowNative(Set.of("com.example.avx512"));
        Files.copy(jar("kernel-scalar"), directory.resolve("scalar.jar"));
        Path best = directory.resolve("best.jar");
        Files.copy(kernel, best);
        Selection first = select();
        assumeTrue(first.best().containsValue(name), first.candidates().toString());
        Decoder decoder = new Decoder(System.getProperty("model"), 2, name, first.kernel());
        first = null;
        try {
            for (int i = 0; i < changes; i++) {
                Files.delete(best);
                assertEquals("scalar", refresh(decoder));
                Files.copy(kernel, best);
                assertEquals(name, refresh(decoder));
            }
            loaders.removeLast(); // It is in use.
            assertEquals(0, Garbage.remaining(loaders), loaders.size() + " class loaders were made");
            String report = decoder.stop();
            System.out.println("layers: " + report);
            assertTrue(report.contains(" different=0 "), report);
        } finally {
            decoder.close();
        }
    }
}
