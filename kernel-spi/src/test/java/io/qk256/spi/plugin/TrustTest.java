package io.qk256.spi.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the trust file allows a plugin to do. */
class TrustTest {

    private static final String HASH = "00".repeat(32);

    @TempDir
    private Path directory;

    private Path jar = Path.of("");

    @BeforeEach
    void makePlugin() throws IOException {
        jar = TestPlugin.kernel("fast").jar(directory.resolve("fast.jar"));
    }

    private Plugin read(String... trust) throws IOException {
        Files.write(directory.resolve(PluginDirectory.TRUST_FILE), List.of(trust));
        return PluginDirectory.open(directory).refresh().plugins().getFirst();
    }

    private static boolean hasNativeAccess(Plugin plugin) {
        return KernelSelector.select(plugin.sources(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE)
                .kernel()
                .getClass()
                .getModule()
                .isNativeAccessEnabled();
    }

    private static void assertRejected(Plugin plugin, String reason) {
        assertThat(plugin.state()).isEqualTo(Plugin.State.REJECTED);
        assertThat(plugin.reason().orElseThrow()).contains(reason);
    }

    @Test
    void withoutAnEntryThereIsNoNativeAccess() throws IOException {
        assertThat(hasNativeAccess(read())).isFalse();
        assertThat(hasNativeAccess(read("example.other.native = allow"))).isFalse();
    }

    @Test
    void nativeAccessIsGrantedByTheNameOfTheModule() throws IOException {
        assertThat(hasNativeAccess(read("example.fast.native = allow"))).isTrue();
    }

    @Test
    void nativeAccessIsGrantedByTheCaller() throws IOException {
        Plugins plugins = PluginDirectory.open(directory)
                .allowNative(List.of("example.fast"))
                .refresh();
        assertThat(hasNativeAccess(plugins.plugins().getFirst())).isTrue();
    }

    @Test
    void aPinnedPluginIsUsedIfItsHashIsRight() throws IOException {
        assertThat(read("example.fast.sha256 = " + Artifact.sha256(jar), "unpinned = reject")
                        .state())
                .isEqualTo(Plugin.State.RESOLVED);
    }

    @Test
    void aPinnedPluginWithAnotherHashIsRejectedWithBoth() throws IOException {
        assertRejected(
                read("example.fast.sha256 = " + HASH),
                "its SHA-256 is " + Artifact.sha256(jar) + ", but the trust file pins example.fast to " + HASH);
    }

    @Test
    void ifAllMustBePinnedOthersAreRejectedWithTheLineToAdd() throws IOException {
        Plugin plugin = read("unpinned = reject", "example.other.sha256 = " + HASH);
        assertRejected(plugin, "if you trust it, add: example.fast.sha256 = " + Artifact.sha256(jar));
        assertThat(read("unpinned = accept").state()).isEqualTo(Plugin.State.RESOLVED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "example.fast.nativ = allow         | 'example.fast.nativ', expected MODULE.native, MODULE.sha256 or",
                "example.fast.native = yes          | example.fast.native = 'yes', expected allow",
                "example.fast.sha256 = 12           | example.fast.sha256 = '12', expected 64 hexadecimal digits",
                "unpinned = refuse                  | unpinned = 'refuse', expected reject or accept",
                "unpinned = accept\\nunpinned=reject | 'unpinned' appears twice",
                "x = \\u12                          | Malformed \\uxxxx encoding",
            })
    void aMalformedFileRejectsEveryPlugin(String text, String reason) throws IOException {
        Plugin plugin = read(text.replace("\\n", "\n"));
        assertRejected(plugin, "no plugin is used, because the trust file ");
        assertRejected(plugin, reason);
    }

    @Test
    void aFileThatIsNoTextRejectsEveryPlugin() throws IOException {
        Files.write(
                directory.resolve(PluginDirectory.TRUST_FILE), "unpinned = ä".getBytes(StandardCharsets.ISO_8859_1));
        assertRejected(PluginDirectory.open(directory).refresh().plugins().getFirst(), "trust.properties has an error");
    }
}
