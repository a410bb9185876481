package io.qk256.spi.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Remedy;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the JVM enforces for plugins, wherever the contract is: the build runs this, and other plugin tests, a second
 * time on the class path.
 */
class UnnamedContractTest {

    @TempDir
    private Path plugins;

    private Candidate select() throws IOException {
        return select(PluginDirectory.open(plugins));
    }

    private static Candidate select(PluginDirectory directory) throws IOException {
        Probing probing = new Probing(Duration.ofMinutes(10), "a CPU", Optional.empty());
        return KernelSelector.select(
                        probing.of(directory.refresh().sources()),
                        CpuFeatures.unknown(),
                        Jvm.current(),
                        SelectionOptions.NONE)
                .candidates()
                .getFirst();
    }

    private static String opening(String className) {
        return "try { Class.forName(\"" + className + "\"); throw new IllegalStateException(\"found\"); }"
                + " catch (ClassNotFoundException e) { rank(); }";
    }

    @BeforeAll
    static void skipRepetition() {
        PathOfTheTests.assumeOnTheClassPath();
    }

    @Test
    void pluginsFindWhatTheModuleOfTheContractExports() {
        ModuleDescriptor module = ModuleFinder.of(TestPlugin.contract())
                .find("io.qk256.spi")
                .orElseThrow()
                .descriptor();
        assertThat(UnnamedContract.PACKAGES)
                .containsExactlyInAnyOrderElementsOf(module.exports().stream()
                        .filter(exports -> !exports.isQualified())
                        .map(ModuleDescriptor.Exports::source)
                        .toList());
        ModuleDescriptor.Exports toSome = module.exports().stream()
                .filter(ModuleDescriptor.Exports::isQualified)
                .findFirst()
                .orElseThrow();
        assertThat(UnnamedContract.SUPPORT).isEqualTo(toSome.source());
        assertThat(UnnamedContract.SUPPORTED).isEqualTo(toSome.targets());
    }

    /** For example the native kernel of this project. */
    @Test
    void aPluginFindsWhatIsExportedToItAndOthersDoNot() throws IOException {
        TestPlugin.kernel("own")
                .source(
                        "module-info.java",
                        "module io.qk256.avx2.jni { requires io.qk256.spi;"
                                + " provides io.qk256.spi.KernelProvider with example.own.Provider; }")
                .opening("io.qk256.spi.support.PrintableText.line(name());")
                .jar(plugins.resolve("own.jar"));
        Candidate own = select();
        assertThat(own.state()).as(own.why()).isEqualTo(Candidate.State.SELECTED);
        Files.delete(plugins.resolve("own.jar"));
        TestPlugin.kernel("other")
                .opening(opening("io.qk256.spi.support.PrintableText"))
                .jar(plugins.resolve("other.jar"));
        Candidate other = select();
        assertThat(other.state()).as(other.why()).isEqualTo(Candidate.State.SELECTED);
    }

    @Test
    void aPluginIsAModuleInALayerOfItsOwn() throws IOException {
        TestPlugin.kernel("fast").jar(plugins.resolve("fast.jar"));
        Candidate candidate = select();
        assertThat(candidate.state()).as(candidate.why()).isEqualTo(Candidate.State.SELECTED);
        Module module = candidate.kernel().orElseThrow().getClass().getModule();
        assertThat(module.getName()).isEqualTo("example.fast");
        assertThat(module.getLayer()).isNotSameAs(ModuleLayer.boot());
    }

    @Test
    void aPluginDoesNotFindClassesOfTheApplication() throws IOException {
        TestPlugin.kernel("curious")
                .opening(opening("org.assertj.core.api.Assertions"))
                .jar(plugins.resolve("curious.jar"));
        Candidate candidate = select();
        assertThat(candidate.state()).as(candidate.why()).isEqualTo(Candidate.State.SELECTED);
    }

    /** Native access of the class path does not extend to plugins. */
    @Test
    void nativeAccessIsGrantedPluginByPlugin() throws IOException {
        TestPlugin.kernel("machine")
                .opening("MemorySegment.ofAddress(8).reinterpret(8);")
                .jar(plugins.resolve("machine.jar"));
        Candidate refused = select();
        assertThat(refused.why()).isEqualTo("opened: it needs native access, which it was not granted");
        assertThat(refused.remedy()).contains(new Remedy.AllowNative("example.machine"));
        Candidate granted = select(PluginDirectory.open(plugins).allowNative(List.of("example.machine")));
        assertThat(granted.state()).as(granted.why()).isEqualTo(Candidate.State.SELECTED);
        assertThat(granted.kernel().orElseThrow().getClass().getModule().isNativeAccessEnabled())
                .isTrue();
    }

    @Test
    void aProviderMethodMakesTheProvider() throws IOException {
        TestPlugin.kernel("made")
                .replacing(
                        "    @Override\n    public String name",
                        "    private final String told; private Provider(String told) { this.told = told; }"
                                + " public static Provider provider() { return new Provider(\"by-method\"); }"
                                + "    @Override\n    public String name")
                .replacing("return \"made\"", "return told")
                .jar(plugins.resolve("made.jar"));
        assertThat(select().name()).isEqualTo("by-method");
    }

    /** The same message as the service loader's for modules. */
    @Test
    void aProviderThatCannotBeMadeIsARowWithTheReason() throws IOException {
        TestPlugin.kernel("thrower")
                .replacing(
                        "    @Override\n    public String name",
                        "    public Provider() { throw new IllegalStateException(\"not today\"); }"
                                + "    @Override\n    public String name")
                .jar(plugins.resolve("thrower.jar"));
        Candidate candidate = KernelSelector.select(
                        PluginDirectory.open(plugins).refresh().sources(),
                        CpuFeatures.unknown(),
                        Jvm.current(),
                        SelectionOptions.NONE)
                .candidates()
                .getFirst();
        assertThat(candidate.why())
                .isEqualTo("found: java.util.ServiceConfigurationError: io.qk256.spi.KernelProvider: Provider"
                        + " example.thrower.Provider could not be instantiated, caused by"
                        + " java.lang.IllegalStateException: not today");
    }
}
