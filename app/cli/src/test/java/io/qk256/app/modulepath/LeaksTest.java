package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.app.check.DemoModel;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.LoadListener;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.Sequence;
import io.qk256.spi.Kernel;
import io.qk256.spi.plugin.PluginDirectory;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.testing.Effort;
import io.qk256.testing.Fuzz;
import io.qk256.testing.JvmCounts;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opens and closes things over and over, and counts the JVM's resources before and after. A leak each time would add about a
 * hundred; the JVM's own resources vary by a few.
 */
class LeaksTest {

    private static final int TIMES = (Effort.isLong() ? 500 : 250) * Fuzz.times();
    private static final int WARM_UP = 20;
    private static final long HEAP_OF_ONE = 10_000;

    @TempDir
    private Path directory;

    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    private static void assertLeavesNothing(Work work) throws Exception {
        repeat(WARM_UP, work);
        long heap = JvmCounts.heapBytes();
        long classes = JvmCounts.classes();
        int files = JvmCounts.files().size();
        long mappings = JvmCounts.mappings();
        repeat(TIMES, work);
        assertThat(JvmCounts.heapBytes() - heap).as("bytes of the heap").isLessThan(TIMES * HEAP_OF_ONE);
        assertThat(JvmCounts.classes() - classes).as("classes").isLessThan(TIMES / 2);
        assertThat(JvmCounts.files().size() - files).as("open files").isLessThan(TIMES / 10);
        assertThat(JvmCounts.mappings() - mappings).as("mapped areas").isLessThan(TIMES / 2);
        assertThat(JvmCounts.threads()).as("threads").doesNotContain("qk256-1", "qk256-task-1");
    }

    private static void repeat(int times, Work work) throws Exception {
        for (int i = 0; i < times; i++) {
            work.run();
        }
    }

    @Test
    void refreshingPluginsLeavesNothing() throws Exception {
        Path contract = Path.of(
                Kernel.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path plugins = directory.resolve("plugins");
        new TestModule("refreshed").jar(contract, directory, plugins);
        PluginDirectory opened = PluginDirectory.open(plugins);
        assertLeavesNothing(() -> {
            Selection selection = KernelSelector.select(
                    opened.refresh().sources(),
                    CpuFeatures.unknown(),
                    Jvm.current(),
                    SelectionOptions.force("refreshed"));
            assertThat(selection.kernel()).isNotNull();
        });
    }

    @Test
    void selectingBuiltInKernelsLeavesNothing() throws Exception {
        assertLeavesNothing(() -> {
            Selection selection = KernelSelector.selectFirst(
                    KernelSource.find(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
            assertThat(selection.kernel()).isNotNull();
        });
    }

    @Test
    void loadingModelsLeavesNothing() throws Exception {
        Kernel kernel = KernelSelector.select(CpuFeatures.unknown()).kernel();
        Path path = directory.resolve("model.gguf");
        try (InputStream demo = Objects.requireNonNull(DemoModel.class.getResourceAsStream("demo-i2_s.gguf"))) {
            Files.copy(demo, path);
        }
        int[] prompt = {1, 2, 3};
        assertLeavesNothing(() -> {
            try (GgufFile file = WeightFile.open(path);
                    Model model = Model.load(file, HeadType.STORED, LoadListener.NONE);
                    Engine engine = model.engine(kernel, EngineOptions.withThreads(2));
                    Sequence sequence = engine.sequence()) {
                assertThat(sequence.prompt(prompt)).isNotEmpty();
            }
        });
    }
}
