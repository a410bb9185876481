package io.qk256.spi.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories with valid and broken plugins. */
class PluginDirectoryTest {

    @TempDir
    private Path directory;

    private Plugins read() throws IOException {
        return PluginDirectory.open(directory).refresh();
    }

    private Plugin only() throws IOException {
        List<Plugin> plugins = read().plugins();
        assertThat(plugins).hasSize(1);
        return plugins.getFirst();
    }

    private static Selection select(Plugins plugins) {
        return KernelSelector.select(plugins.sources(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
    }

    private static Plugin named(Plugins plugins, String name) {
        return plugins.plugins().stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void assertRejected(String reason) throws IOException {
        Plugin plugin = only();
        assertThat(plugin.state()).isEqualTo(Plugin.State.REJECTED);
        assertThat(plugin.reason().orElseThrow()).contains(reason);
        Candidate candidate = select(read()).candidates().getFirst();
        assertThat(candidate.state()).isEqualTo(Candidate.State.REJECTED);
        assertThat(candidate.why()).contains(reason);
        assertThat(candidate.name()).isEqualTo(plugin.name());
        assertThat(candidate.origin()).isEqualTo(plugin.path().toString());
    }

    @BeforeAll
    static void skipRepetition() {
        PathOfTheTests.assumeOnTheModulePath();
    }

    @Test
    void aDirectoryThatIsNoneIsRefused() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> PluginDirectory.open(file)).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> PluginDirectory.open(directory.resolve("none")))
                .isInstanceOf(NotDirectoryException.class);
    }

    @Test
    void whatIsNoPluginIsLeftAlone() throws IOException {
        Files.writeString(directory.resolve("README.md"), "no plugin");
        Files.createDirectory(directory.resolve(".git"));
        Files.writeString(directory.resolve(".hidden.jar"), "no jar");
        assertThat(read().plugins()).isEmpty();
        assertThat(read().sources()).isEmpty();
    }

    @Test
    void aJarIsResolvedInALayerOfItsOwnAndSelected() throws IOException {
        Path jar = TestPlugin.kernel("fast").version("1.4.2").jar(directory.resolve("any name.jar"));
        Plugin plugin = only();
        assertThat(plugin.state()).isEqualTo(Plugin.State.RESOLVED);
        assertThat(plugin.module()).contains("example.fast");
        assertThat(plugin.version()).contains("1.4.2");
        assertThat(plugin.sha256()).contains(Artifact.sha256(jar));
        Candidate selected = select(read()).selected().orElseThrow();
        assertThat(selected.name()).isEqualTo("fast");
        assertThat(selected.artifact().version()).contains("1.4.2");
        assertThat(selected.artifact().sha256()).contains(Artifact.sha256(jar));
        assertThat(selected.artifact().plugin()).isTrue();
        Module module = selected.kernel().orElseThrow().getClass().getModule();
        assertThat(module.getLayer()).isNotSameAs(ModuleLayer.boot());
        assertThat(module.isNativeAccessEnabled()).isFalse();
    }

    @Test
    void aFolderOfJarsIsOnePlugin() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("with-library"));
        Path library = library("shared", folder.resolve("b.jar"));
        Path kernel = usingLibrary(library).jar(folder.resolve("a.jar"));
        Plugin plugin = only();
        assertThat(plugin.reason()).isEmpty();
        assertThat(plugin.module()).contains("example.user");
        String sums = Artifact.sha256(kernel) + "  a.jar\n" + Artifact.sha256(library) + "  b.jar\n";
        assertThat(plugin.sha256()).contains(Artifact.sha256(sums.getBytes(StandardCharsets.UTF_8)));
        assertThat(select(read()).kernel()).hasToString("library 7");
    }

    @Test
    void twoPluginsHaveLibrariesOfTheSameNameEachItsOwn() throws IOException {
        for (String name : List.of("one", "two")) {
            Path folder = Files.createDirectory(directory.resolve(name));
            Path library = library("shared", folder.resolve("lib.jar"));
            TestPlugin.kernel(name)
                    .descriptor("requires example.shared;")
                    .on(library)
                    .jar(folder.resolve("k.jar"));
        }
        assertThat(select(read()).candidates())
                .allMatch(candidate -> candidate.kernel().isPresent());
    }

    @Test
    void severalProvidersOfOneModuleAreKernelsEach() throws IOException {
        TestPlugin.kernel("several")
                .source(
                        "example/several/Broken.java",
                        "package example.several; public class Broken extends Provider {"
                                + " public Broken() { throw new IllegalStateException(\"not today\"); } }")
                .source(
                        "example/several/Second.java",
                        "package example.several; public class Second extends Provider {"
                                + " public String name() { return \"second\"; } public int rank() { return 7; } }")
                .replacing("public final class", "public class")
                .source(
                        "module-info.java",
                        "module example.several { requires io.qk256.spi; provides io.qk256.spi.KernelProvider with"
                                + " example.several.Broken, example.several.Provider, example.several.Second; }")
                .jar(directory.resolve("several.jar"));
        Selection selection = select(read());
        assertThat(selection.candidates())
                .extracting(Candidate::name)
                .containsExactly("several", "second", "example.several.Broken");
        assertThat(selection.candidates().getLast().why()).contains("not today");
    }

    @Test
    void aFileThatIsNoJarIsRejected() throws IOException {
        Files.writeString(directory.resolve("text.jar"), "this is no jar");
        assertRejected("text.jar is not a valid jar");
    }

    @Test
    void aJarThatIsCutOffIsRejected() throws IOException {
        Path jar = TestPlugin.kernel("cut").jar(directory.resolve("cut.jar"));
        Files.write(jar, Arrays.copyOf(Files.readAllBytes(jar), 1000));
        assertRejected("cut.jar is not a valid jar");
    }

    @Test
    void anEmptyFolderIsRejected() throws IOException {
        Files.createDirectory(directory.resolve("empty"));
        assertRejected("there is no jar in this folder");
    }

    @Test
    void aMissingModuleIsNamed() throws IOException {
        Path library = library("shared", directory.resolve("lib.jar"));
        usingLibrary(library).jar(directory.resolve("user.jar"));
        Files.delete(library);
        assertRejected("Module example.shared not found, required by example.user; put both jars into a folder");
    }

    @Test
    void aModuleOfTheJdkThatIsNotInTheGraphIsNamedWithTheOption() throws IOException {
        TestPlugin.kernel("needy").descriptor("requires jdk.incubator.vector;").jar(directory.resolve("needy.jar"));
        assertRejected("start the JVM with --add-modules jdk.incubator.vector");
    }

    @Test
    void aPackageInTwoJarsOfAFolderIsRejected() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("split"));
        TestPlugin.kernel("split").jar(folder.resolve("a.jar"));
        TestPlugin.empty("other")
                .source("example/split/Other.java", "package example.split; class Other {}")
                .jar(folder.resolve("b.jar"));
        assertRejected("package example.split is in a.jar and in b.jar; remove it from one of them");
    }

    @Test
    void aModuleInTwoJarsOfAFolderIsRejected() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("twice"));
        Path jar = TestPlugin.kernel("twice").jar(folder.resolve("a.jar"));
        Files.copy(jar, folder.resolve("b.jar"));
        assertRejected("a.jar and b.jar are both module example.twice; keep one of them");
    }

    @Test
    void twoModulesWithProvidersInAFolderAreRejected() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("pair"));
        TestPlugin.kernel("one").jar(folder.resolve("a.jar"));
        TestPlugin.kernel("two").jar(folder.resolve("b.jar"));
        assertRejected("the modules example.one, example.two all provide kernels; give each a folder of its own");
    }

    @Test
    void theNewestOfTwoVersionsIsUsed() throws IOException {
        TestPlugin.kernel("fast").version("1.9").jar(directory.resolve("a.jar"));
        TestPlugin.kernel("fast").version("1.10").jar(directory.resolve("b.jar"));
        TestPlugin.kernel("fast").jar(directory.resolve("c.jar"));
        Plugins plugins = read();
        assertThat(plugins.plugins())
                .extracting(Plugin::state)
                .containsExactly(Plugin.State.SUPERSEDED, Plugin.State.RESOLVED, Plugin.State.SUPERSEDED);
        assertThat(named(plugins, "a.jar").reason())
                .contains("module example.fast 1.10 in b.jar is newer; this is version 1.9");
        assertThat(named(plugins, "c.jar").reason().orElseThrow()).endsWith("this is without a version");
        Selection selection = select(plugins);
        assertThat(selection.candidates())
                .extracting(Candidate::state)
                .containsExactly(Candidate.State.SELECTED, Candidate.State.SUPERSEDED, Candidate.State.SUPERSEDED);
        assertThat(selection.candidates().get(1).why()).startsWith("resolved: module example.fast 1.10 in b.jar");
    }

    @Test
    void aBrokenNewerVersionDoesNotStandInTheWay() throws IOException {
        TestPlugin.kernel("fast").version("1").jar(directory.resolve("a.jar"));
        Path library = library("shared", directory.resolve("lib.jar"));
        TestPlugin.kernel("fast")
                .version("2")
                .descriptor("requires example.shared;")
                .on(library)
                .jar(directory.resolve("b.jar"));
        Files.delete(library);
        Plugins plugins = read();
        assertThat(plugins.plugins())
                .extracting(Plugin::state)
                .containsExactly(Plugin.State.RESOLVED, Plugin.State.REJECTED);
    }

    @Test
    void theSameVersionTwiceIsRejectedTwice() throws IOException {
        Path jar = TestPlugin.kernel("fast").version("1").jar(directory.resolve("a.jar"));
        Files.copy(jar, directory.resolve("b.jar"));
        Plugins plugins = read();
        assertThat(plugins.plugins()).extracting(Plugin::state).containsOnly(Plugin.State.REJECTED);
        assertThat(named(plugins, "a.jar").reason())
                .contains("module example.fast 1 is also in b.jar; keep one of them");
    }

    @Test
    void ofTwoModulesWithTheSameKernelTheFirstFileKeepsTheName() throws IOException {
        TestPlugin.kernel("one").replacing("return \"one\"", "return \"same\"").jar(directory.resolve("a.jar"));
        TestPlugin.kernel("two").replacing("return \"two\"", "return \"same\"").jar(directory.resolve("b.jar"));
        Selection selection = select(read());
        assertThat(selection.selected().orElseThrow().module()).isEqualTo("example.one");
        assertThat(selection.candidates().getLast().why()).contains("another provider is called 'same' too");
    }

    @Test
    void aModuleWithoutAProviderIsRejected() throws IOException {
        library("idle", directory.resolve("idle.jar"));
        assertRejected("no provider: module example.idle does not declare 'provides io.qk256.spi.KernelProvider");
    }

    @Test
    void aListOfServicesAloneIsRejectedWithTheRemedy() throws IOException {
        TestPlugin.kernel("old")
                .without("module-info.java")
                .source("META-INF/services/io.qk256.spi.KernelProvider", "example.old.Provider")
                .jar(directory.resolve("old.jar"));
        assertRejected("old.jar names its provider in META-INF/services only; a plugin is known by the name of its"
                + " module: add a module-info.java");
    }

    @Test
    void aJarWithoutModuleAndProviderIsRejected() throws IOException {
        TestPlugin.kernel("plain").without("module-info.java").jar(directory.resolve("plain.jar"));
        assertRejected("plain.jar is not a module: it has neither a module-info.class nor an Automatic-Module-Name");
    }

    @Test
    void anAutomaticModuleWithANameIsALibrary() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("automatic"));
        Path library = TestPlugin.kernel("lib")
                .without("module-info.java")
                .without("example/lib/Provider.java")
                .source("example/shared/Seven.java", SEVEN)
                .manifest("Automatic-Module-Name: example.shared")
                .jar(folder.resolve("lib-1.jar"));
        usingLibrary(library).jar(folder.resolve("user.jar"));
        assertThat(select(read()).kernel()).hasToString("library 7");
    }

    @Test
    void theContractItselfIsNoPlugin() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("everything"));
        TestPlugin.kernel("fast").jar(folder.resolve("a.jar"));
        TestPlugin.empty("spi")
                .source("module-info.java", "module io.qk256.spi {}")
                .jar(folder.resolve("spi.jar"));
        assertRejected(
                "spi.jar is the contract itself (module io.qk256.spi), which the application provides; remove it");
    }

    @Test
    void classesOfTheContractInsideAJarAreRejected() throws IOException {
        TestPlugin.kernel("shaded")
                .source("io/qk256/spi/extra/Thing.java", "package io.qk256.spi.extra; public class Thing {}")
                .jar(directory.resolve("shaded.jar"));
        assertRejected("shaded.jar contains classes of the contract (package io.qk256.spi.extra)");
    }

    @Test
    void aProviderClassThatIsMissingIsAReason() throws IOException {
        TestPlugin.kernel("hollow")
                .withoutClass("example/hollow/Provider$Plain.class")
                .jar(directory.resolve("hollow.jar"));
        Candidate candidate = select(read()).candidates().getFirst();
        assertThat(candidate.state()).isEqualTo(Candidate.State.REJECTED);
        assertThat(candidate.why()).contains("ClassNotFoundException: example.hollow.Provider$Plain");
    }

    @Test
    void refreshSeesWhatChangedAndTheOldLayerCanBeCollected() throws Exception {
        PluginDirectory plugins = PluginDirectory.open(directory);
        TestPlugin.kernel("fast").version("1").jar(directory.resolve("a.jar"));
        ReferenceQueue<ModuleLayer> queue = new ReferenceQueue<>();
        PhantomReference<ModuleLayer> old = layerOf(plugins, "1", queue);
        TestPlugin.kernel("fast").version("2").jar(directory.resolve("b.jar"));
        assertThat(select(plugins.refresh()).selected().orElseThrow().artifact().version())
                .contains("2");
        Files.delete(directory.resolve("a.jar"));
        Files.delete(directory.resolve("b.jar"));
        assertThat(plugins.refresh().plugins()).isEmpty();
        Reference<? extends ModuleLayer> collected = null;
        for (int i = 0; i < 50 && collected == null; i++) {
            System.gc();
            collected = queue.remove(100);
        }
        assertThat((Object) collected).as("the layer was collected").isSameAs(old);
    }

    /** Opens and uses the kernel without keeping a reference to any of it. */
    private static PhantomReference<ModuleLayer> layerOf(
            PluginDirectory plugins, String version, ReferenceQueue<ModuleLayer> queue) throws IOException {
        Selection selection = select(plugins.refresh());
        assertThat(selection.selected().orElseThrow().artifact().version()).contains(version);
        return new PhantomReference<>(selection.kernel().getClass().getModule().getLayer(), queue);
    }

    private static final String SEVEN =
            "package example.shared; public class Seven { public static int value() { return 7; } }";

    private static Path library(String name, Path jar) throws IOException {
        return TestPlugin.empty(name)
                .source("module-info.java", "module example." + name + " { exports example.shared; }")
                .source("example/shared/Seven.java", SEVEN)
                .jar(jar);
    }

    private static TestPlugin usingLibrary(Path library) throws IOException {
        return TestPlugin.kernel("user")
                .descriptor("requires example.shared;")
                .on(library)
                .replacing(
                        "return new Plain();",
                        "return new Plain() { public String toString() { return \"library \" + example.shared.Seven.value(); } };");
    }
}
