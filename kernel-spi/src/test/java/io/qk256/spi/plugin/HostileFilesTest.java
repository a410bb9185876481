package io.qk256.spi.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.support.PrintableText;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that look like plugins. */
class HostileFilesTest {

    /** The jar of a correct kernel. */
    private static byte[] sound = {};

    @TempDir
    private Path directory;

    @BeforeAll
    static void compile(@TempDir Path work) throws IOException {
        PathOfTheTests.assumeOnTheModulePath();
        sound = Files.readAllBytes(TestPlugin.kernel("sound").jar(work.resolve("sound.jar")));
    }

    private Plugin only() throws IOException {
        List<Plugin> plugins = PluginDirectory.open(directory).refresh().plugins();
        assertThat(plugins).hasSize(1);
        return plugins.getFirst();
    }

    private void assertRejected(String reason) throws IOException {
        Plugin plugin = only();
        assertThat(plugin.state()).isEqualTo(Plugin.State.REJECTED);
        assertThat(plugin.reason().orElseThrow()).contains(reason);
        assertPrintable(plugin.reason().orElseThrow());
        assertPrintable(plugin.name());
        assertThat(plugin.sources()).singleElement().satisfies(source -> {
            assertPrintable(source.label());
            assertPrintable(source.module());
            assertPrintable(source.artifact().version().orElse(""));
            assertPrintable(source.artifact().toString());
        });
    }

    private static void assertPrintable(String text) {
        assertThat(PrintableText.line(text, 5000)).isEqualTo(text);
    }

    private void write(String name, byte[] content) throws IOException {
        Files.write(directory.resolve(name), content);
    }

    private void zip(Map<String, byte[]> entries) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(directory.resolve("x.jar")))) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
    }

    @Test
    void aNewKernelIsResolved() throws IOException {
        write("x.jar", sound);
        assertThat(only().state()).isEqualTo(Plugin.State.RESOLVED);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 100, 1000})
    void aJarThatWasCutOffIsRejected(int length) throws IOException {
        write("x.jar", Arrays.copyOf(sound, length));
        assertRejected("x.jar is not a valid jar: ");
    }

    /** Wherever the damage is, the plugin is at most rejected. */
    @Test
    void damageAnywhereEndsInAReason() throws IOException {
        for (int at = 0; at < sound.length; at += Math.max(1, sound.length / 120)) {
            byte[] damaged = sound.clone();
            damaged[at] ^= (byte) 0x55;
            write("x.jar", damaged);
            Plugin plugin = only();
            assertThat(plugin.state() == Plugin.State.RESOLVED)
                    .as("byte " + at)
                    .isEqualTo(plugin.reason().isEmpty());
            assertPrintable(plugin.reason().orElse(""));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"META-INF/MANIFEST.MF", "meta-inf/manifest.mf", "META-INF/services/x", "module-info.class"})
    void aBombIsNotRead(String entry) throws IOException {
        zip(Map.of(entry, new byte[3 << 20]));
        assertRejected(entry + " in x.jar has 3145728 bytes, expected 1048576 or less");
    }

    @Test
    void aJarWithCountlessEntriesIsNotRead() throws IOException {
        try (ZipOutputStream zip =
                new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(directory.resolve("x.jar"))))) {
            zip.setLevel(0);
            for (int i = 0; i <= 50_000; i++) {
                zip.putNextEntry(new ZipEntry("p/" + i));
            }
        }
        assertRejected("x.jar has 50001 entries, expected 50000 or less");
    }

    @Test
    void aDescriptorThatIsNoneIsRejected() throws IOException {
        zip(Map.of("module-info.class", "no class".getBytes(StandardCharsets.UTF_8)));
        assertRejected("x.jar is not a valid jar: ");
    }

    @Test
    void aFolderWithTheNameOfAJarIsAFolder() throws IOException {
        Files.createDirectory(directory.resolve("x.jar"));
        assertRejected("there is no jar in this folder");
    }

    @ParameterizedTest
    @CsvSource({"x.jar, it is a broken link", "gone, it is a broken link"})
    void aLinkThatLeadsNowhereIsRejected(String target, String reason) throws IOException {
        Files.createSymbolicLink(directory.resolve("x.jar"), directory.resolve(target));
        assertRejected(reason);
    }

    @Test
    void aFolderThatLeadsToItselfIsReadOnce() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("loop"));
        Files.createSymbolicLink(folder.resolve("inner"), folder);
        assertRejected("there is no jar in this folder");
    }

    @Test
    void aPipeIsNotOpened() throws IOException, InterruptedException {
        Process made;
        try {
            made = new ProcessBuilder("mkfifo", directory.resolve("x.jar").toString()).start();
        } catch (IOException e) {
            made = new ProcessBuilder("false").start();
        }
        assumeTrue(made.waitFor() == 0, "no mkfifo here");
        assertRejected("it is neither a file nor a folder");
    }

    @Test
    void aJarThatMayNotBeReadIsRejected() throws IOException {
        write("x.jar", sound);
        directory.resolve("x.jar").toFile().setReadable(false);
        assumeTrue(!Files.isReadable(directory.resolve("x.jar")), "this user reads everything");
        assertRejected("x.jar cannot be read: ");
    }

    @Test
    void namesAndVersionsWithControlCharactersAreShownAsEscapes() throws IOException {
        String name = "a\u001b[2J\u202eb\n.jar";
        TestPlugin.kernel("sound")
                .version("1\u001b[2J\u202e" + "9".repeat(60_000))
                .jar(directory.resolve(name));
        Plugin plugin = only();
        assertThat(plugin.name()).isEqualTo("a\\u001b[2J\\u202eb\\u000a.jar");
        assertThat(plugin.path().getFileName()).hasToString(name);
        assertThat(plugin.version().orElseThrow()).startsWith("1\\u001b[2J\\u202e999");
        assertThat(plugin.sources()).singleElement().satisfies(source -> {
            assertPrintable(source.artifact().version().orElseThrow());
            assertThat(source.origin()).isEqualTo(directory.resolve(name).toString());
        });
    }

    /** Java accepts such characters in names. */
    @Test
    void aModuleWhoseNameCannotBeShownIsRejected() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(sound))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries.put(entry.getName(), zip.readAllBytes());
            }
        }
        entries.computeIfPresent(
                "module-info.class",
                (name, bytes) -> new String(bytes, StandardCharsets.ISO_8859_1)
                        .replace(
                                "example.sound",
                                "example.s\u00e2\u0080\u00aed") // U+202E in UTF-8, as long as what it replaces.
                        .getBytes(StandardCharsets.ISO_8859_1));
        zip(entries);
        assertRejected("x.jar: the name of its module is example.s\\u202ed, expected 200 characters or less");
    }

    @Test
    void aDirectoryOfCountlessJarsIsNoDirectoryOfPlugins() throws IOException {
        for (int i = 0; i < 1_000; i++) {
            Files.createFile(directory.resolve(i + ".jar"));
        }
        assertThatThrownBy(() -> PluginDirectory.open(directory).refresh())
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "it holds more than 256 jars and folders, too many for a directory of plugins; name another one");
    }

    @Test
    void aFolderOfCountlessJarsIsNoPlugin() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("many"));
        for (int i = 0; i < 101; i++) {
            Files.createFile(folder.resolve(i + ".jar"));
        }
        assertRejected("there are 101 jars in this folder, expected 100 or less");
    }

    @Test
    void aPluginOfCountlessKernelsIsNone() throws IOException {
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < 101; i++) {
            names.append(i == 0 ? "" : ", ").append("example.sound.P").append(i);
        }
        TestPlugin plugin = TestPlugin.kernel("sound").replacing("public final class", "public class");
        for (int i = 0; i < 101; i++) {
            plugin.source(
                    "example/sound/P" + i + ".java",
                    "package example.sound; public class P" + i + " extends Provider {}");
        }
        plugin.source(
                        "module-info.java",
                        "module example.sound { requires io.qk256.spi; provides io.qk256.spi.KernelProvider with "
                                + names + "; }")
                .jar(directory.resolve("x.jar"));
        assertRejected("it provides 101 kernels, expected 100 or less");
    }
}
