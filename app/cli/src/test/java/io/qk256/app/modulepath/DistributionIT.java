package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.testing.LongTest;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The zip, unpacked in one directory and started by its launcher from another. */
class DistributionIT {

    private static final Path TARGET = Path.of(System.getProperty("qk256.target", "target"));

    @TempDir
    private Path work;

    private Path home;

    @BeforeEach
    void unpack() throws IOException {
        assumeTrue(File.separatorChar == '/', "the launcher is a shell script");
        unpack(zip(false).orElseThrow(), "a folder");
    }

    private void unpack(Path file, String directory) throws IOException {
        try (FileSystem zip = FileSystems.newFileSystem(file, Map.of("enablePosixFileAttributes", "true"))) {
            Path root;
            try (Stream<Path> roots = Files.list(zip.getPath("/"))) {
                root = roots.toList().getFirst();
            }
            home = work.resolve(directory).resolve(root.getFileName().toString());
            try (Stream<Path> files = Files.walk(root)) {
                for (Path part : files.toList()) {
                    Path copy = home.resolve(root.relativize(part).toString());
                    Files.createDirectories(copy.getParent());
                    if (Files.isDirectory(part)) {
                        Files.createDirectories(copy);
                    } else {
                        try (InputStream content = Files.newInputStream(part)) {
                            Files.copy(content, copy);
                        }
                        Files.setPosixFilePermissions(copy, Files.getPosixFilePermissions(part));
                    }
                }
            }
        }
    }

    /** The distribution, or the one for this system that includes a Java runtime. */
    private static Optional<Path> zip(boolean withRuntime) throws IOException {
        String ofThisSystem = "-" + System.getProperty("os.name") + "-" + System.getProperty("os.arch") + ".zip";
        try (Stream<Path> files = Files.list(TARGET)) {
            return files.filter(file -> file.getFileName().toString().matches("qk256-[0-9].*\\.zip"))
                    .filter(file -> file.toString().endsWith(ofThisSystem) == withRuntime)
                    .findFirst();
        }
    }

    @Test
    void everyLinkOfItsDocumentsLeadsSomewhere() throws IOException {
        Pattern link = Pattern.compile("\\]\\(([^)#]+)(#[^)]*)?\\)");
        List<String> dead = new ArrayList<>();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file :
                    files.filter(part -> part.toString().endsWith(".md")).toList()) {
                Matcher links = link.matcher(Files.readString(file));
                while (links.find()) {
                    String target = links.group(1);
                    if (!target.contains("://") && !Files.exists(file.resolveSibling(target))) {
                        dead.add(home.relativize(file) + ": " + target);
                    }
                }
            }
        }
        assertThat(dead).isEmpty();
    }

    /** Arguments and names of directories are UTF-8 there too. */
    @ParameterizedTest
    @ValueSource(strings = {"LANG=C", "LC_ALL=POSIX", "LC_CTYPE=xx_YY.UTF-8", "LANG="})
    void takesUtf8InAnyLocale(String locale) throws Exception {
        String script =
                "unset LANG LC_ALL LC_CTYPE; export \"$2\"; folder=$(printf 'caf\\303\\251'); rm -rf \"$folder\";"
                        + " cp -r \"$1\" \"$folder\"; exec \"$folder/bin/qk256\" run --json -n 1 -p \"$folder\" < /dev/null";
        JsonObject json = run("sh", "-c", script, "sh", home.toString(), locale);
        assertThat(json.get("prompt").getAsString()).isEqualTo("café");
    }

    @Test
    void messagesNameTheCommandAsItWasTyped() throws Exception {
        Path err = work.resolve("err");
        Process process = new ProcessBuilder("bin/qk256", "run", "--bogus")
                .directory(home.toFile())
                .redirectError(err.toFile())
                .start();
        assertThat(process.waitFor()).isEqualTo(2);
        assertThat(Files.readString(err)).contains("see 'bin/qk256 run --help'");
    }

    /** Runs from another directory. */
    private JsonObject run(String... command) throws IOException, InterruptedException {
        Path out = work.resolve("out");
        Path err = work.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(Files.createDirectories(work.resolve("elsewhere")).toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().remove("QK256_PLUGINS");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("QK256_CACHE_DIR", work.resolve("cache").toString());
        Process process = builder.start();
        assertThat(process.waitFor(10, TimeUnit.MINUTES))
                .as("an end within 10 minutes")
                .isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(err, StandardCharsets.UTF_8))
                .isZero();
        return JsonParser.parseString(Files.readString(out, StandardCharsets.UTF_8))
                .getAsJsonObject();
    }

    @Test
    void holdsAllAndItsLauncherIsExecutable() throws IOException {
        for (String part : List.of("lib", "lib/kit", "plugins", "docs")) {
            assertThat(home.resolve(part)).isDirectory();
        }
        for (String launcher : List.of("qk256", "bin/qk256")) {
            assertThat(Files.getPosixFilePermissions(home.resolve(launcher)))
                    .containsAll(Set.of(
                            PosixFilePermission.OWNER_EXECUTE,
                            PosixFilePermission.GROUP_EXECUTE,
                            PosixFilePermission.OTHERS_EXECUTE));
        }
        assertThat(home.resolve("bin/find-jdk")).exists();
        assertThat(home.resolve("SPEC.md")).exists();
    }

    @Test
    void runsFromAnotherDirectoryAndThroughALink() throws Exception {
        String launcher = home.resolve("bin/qk256").toString();
        assertThat(run("sh", launcher, "kernels", "--json").getAsJsonArray("kernels"))
                .hasSizeGreaterThan(2);
        Path link = Files.createSymbolicLink(work.resolve("link"), home.resolve("bin/qk256"));
        assertThat(run(link.toString(), "kernels", "--json").getAsJsonArray("kernels"))
                .hasSizeGreaterThan(2);
        Path asTheDocumentsSay = Files.createSymbolicLink(work.resolve("link-2"), home.resolve("qk256"));
        assertThat(run(asTheDocumentsSay.toString(), "kernels", "--json").getAsJsonArray("kernels"))
                .hasSizeGreaterThan(2);
    }

    /** The program needs no archive, uses one that fits, and says nothing about one that does not. */
    @Test
    void startsFromAnArchiveOfItsClasses() throws Exception {
        Path archive = home.resolve("bin/classes.jsa");
        assertThat(archive).doesNotExist();
        run("sh", "-c", "\"$1/bin/archive-classes\" && \"$1/bin/qk256\" kernels --json", "sh", home.toString());
        assertThat(warnings()).isEmpty();
        String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        String loaded =
                "\"$1\" -Xlog:class+load -XX:+UseSerialGC -XX:SharedArchiveFile=\"$2/bin/classes.jsa\" -p \"$2/lib\""
                        + " --enable-native-access=io.qk256.spi,io.qk256.avx2.jni --illegal-native-access=deny"
                        + " -m io.qk256.app/io.qk256.app.Main version"
                        + " | grep -q 'io.qk256.app.Main source: shared objects file' && echo '{}'";
        run("sh", "-c", loaded, "sh", java, home.toString());
        Files.writeString(archive, "no archive");
        run("sh", home.resolve("bin/qk256").toString(), "kernels", "--json");
        assertThat(warnings()).isEmpty();
    }

    private List<String> warnings() throws IOException {
        return Files.readAllLines(work.resolve("err")).stream()
                .filter(line -> !line.startsWith("WARNING: Using incubator modules"))
                .toList();
    }

    @Test
    void jarInItsPluginsIsSelected() throws Exception {
        new TestModule("drop-in").jar(Application.spi(), work, home.resolve("plugins"));
        JsonObject kernels =
                run("sh", home.resolve("bin/qk256").toString(), "kernels", "--json", "--probe-seconds=600");
        assertThat(kernels.get("selected").getAsString()).isEqualTo("drop-in");
    }

    @Test
    void imageRunsOnItsOwnRuntimeAndTakesPlugins() throws Exception {
        Optional<Path> image = zip(true);
        assumeTrue(image.isPresent(), "no image was built; -Pimage does that");
        unpack(image.get(), "image");
        Files.delete(home.resolve("bin/find-jdk")); // The script that the launcher would find a JDK with.
        new TestModule("drop-in").jar(Application.spi(), work, home.resolve("plugins"));
        JsonObject kernels =
                run("sh", home.resolve("bin/qk256").toString(), "kernels", "--json", "--probe-seconds=600");
        assertThat(kernels.get("selected").getAsString()).isEqualTo("drop-in");
        requireServes();
    }

    @LongTest
    @Test
    void itServes() throws Exception {
        requireServes();
    }

    /** Its server has the page, and answers. */
    private void requireServes() throws IOException, InterruptedException {
        Path err = work.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(
                        home.resolve("bin/qk256").toString(), "serve", "--port=0", "--threads=1", "--kernel=scalar")
                .directory(Files.createDirectories(work.resolve("elsewhere")).toFile())
                .redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try (BufferedReader out =
                        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                HttpClient client = HttpClient.newHttpClient()) {
            Matcher address = Pattern.compile("http://\\S+").matcher(String.valueOf(out.readLine()));
            assertThat(address.find()).as(Files.readString(err)).isTrue();
            HttpRequest page =
                    HttpRequest.newBuilder(URI.create(address.group() + "/")).build();
            assertThat(client.send(page, BodyHandlers.ofString()).body()).contains("<title>");
            HttpRequest question = HttpRequest.newBuilder(URI.create(address.group() + "/v1/completions"))
                    .POST(BodyPublishers.ofString("{\"prompt\":\"Once\",\"max_tokens\":2}"))
                    .build();
            assertThat(client.send(question, BodyHandlers.ofString()).body()).contains("text_completion");
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    /** Meaningful only if the tests do not run as root. */
    @Test
    void runsFromAReadOnlyTree() throws Exception {
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.toList()) {
                assertThat(file.toFile().setWritable(false, false)).isTrue();
            }
        }
        try {
            JsonObject kernels = run("sh", home.resolve("bin/qk256").toString(), "kernels", "--json");
            assertThat(kernels.get("selected").isJsonNull()).isFalse();
        } finally {
            try (Stream<Path> files = Files.walk(home)) {
                Object[] all = files.toArray();
                Arrays.stream(all).forEach(file -> ((Path) file).toFile().setWritable(true));
            }
        }
    }
}
