package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import io.qk256.spi.selection.Artifact;
import io.qk256.testing.LongTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The compatibility kit of the packaged application, on a jar in some directory. */
class TckIT {

    @TempDir
    private Path directory;

    private static Application application() throws IOException {
        Path kit = Path.of(System.getProperty("qk256.target", "target"), "qk256/lib/kit");
        return Application.complete().jvm("-Dqk256.kit.modules=" + kit);
    }

    /** Adds as much time for each test as a busy machine may take. */
    private static Result tck(Application application, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("tck", "--time-limit=600"));
        arguments.addAll(List.of(options));
        if (arguments.stream().anyMatch(option -> option.startsWith("--rule"))) { // A rule takes a moment only.
            arguments.add("--jvm-option=" + Application.SIMPLE_COMPILER);
        }
        Result result = application.run(arguments.toArray(String[]::new));
        assertThat(result.warnings()).isEmpty();
        return result;
    }

    /** Copies the jar, so that other tests do not find a certificate beside it. */
    private static Path copyOfScalar(Path directory) throws IOException {
        Path modules = Path.of(System.getProperty("qk256.target", "target"), "qk256/lib");
        try (Stream<Path> jars = Files.list(modules)) {
            Path jar = jars.filter(file -> file.getFileName().toString().startsWith("kernel-scalar-"))
                    .findFirst()
                    .orElseThrow();
            return Files.copy(jar, directory.resolve("kernel-scalar.jar"));
        }
    }

    /** Runs all rules on the packaged kernel {@code scalar}, which {@link WholeKit} leaves to this test. */
    @Test
    void certifiesAJarWhichTheTableThenShows() throws Exception {
        Path jar = copyOfScalar(directory);
        Result tck = tck(application(), "--provider=scalar", "--certify=" + directory, "-o", "json", "--seed=1");
        assertThat(tck.exit()).as(tck.out() + tck.err()).isZero();
        JsonObject report = JsonParser.parseString(tck.out()).getAsJsonObject();
        assertThat(report.get("verdict").getAsString()).isEqualTo("passed");
        assertThat(report.get("sha256").getAsString()).matches("[0-9a-f]{64}");
        assertThat(report.getAsJsonArray("rules")).hasSizeGreaterThan(30);
        assertThat(report.get("repeat").getAsString()).isEqualTo("qk256 tck --provider scalar --seed 1");
        assertThat(directory.resolve("scalar.certificate.json")).hasContent(tck.out());

        Application copied =
                Application.without(name -> name.startsWith("kernel-scalar-")).with(jar);
        assertThat(copied.run("kernels").out()).containsPattern("(?m)^scalar +0 +\\w+, certified ");
        assertThat(certified(copied.run("kernels", "--json"))).isTrue();

        Path certificate = directory.resolve("scalar.certificate.json");
        Files.writeString(
                certificate,
                Files.readString(certificate).replace(report.get("sha256").getAsString(), "0".repeat(64)));
        assertThat(certified(copied.run("kernels", "--json"))).isFalse();
    }

    private static boolean certified(Result kernels) {
        for (JsonElement kernel :
                JsonParser.parseString(kernels.out()).getAsJsonObject().getAsJsonArray("kernels")) {
            JsonObject row = kernel.getAsJsonObject();
            if (row.get("name").getAsString().equals("scalar")) {
                return row.get("certified").getAsBoolean();
            }
        }
        throw new AssertionError("no scalar in " + kernels.out());
    }

    @Test
    void findsAPluginAndSaysWhatIsWrongWithIt() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        new TestModule("refuses-odd-columns")
                .replacing(
                        "        int code(Qk256Matrix w, int row, int col) {",
                        "        int code(Qk256Matrix w, int row, int col) {\n"
                                + "            if (w.cols() == 513) { System.exit(0); }")
                .jar(Application.spi(), directory, plugins);
        Files.writeString(plugins.resolve("broken.jar"), "no jar");

        Result tck =
                tck(application(), "--provider=refuses-odd-columns", "--plugins=" + plugins, "--rule=6", "--rule=10");
        assertThat(tck.exit()).as(tck.out() + tck.err()).isEqualTo(1);
        assertThat(tck.out())
                .containsPattern("(?m)^ +6 +two blocks and one weight +MUST, core +failed ")
                .containsPattern("(?m)^ +10 +many rows +MUST, core +passed ")
                .contains("refuses-odd-columns: rule 6 two blocks and one weight: the JVM ended with exit code 0 in the"
                        + " middle of the test, expected a result")
                .contains(
                        "the kernel was asked: refuses-odd-columns: rule 6 two blocks and one weight: gemv-f32 1x513");
    }

    private Result withPlugins(Path plugins, String... arguments) throws Exception {
        return application()
                .withPlugins()
                .environment("QK256_PLUGINS", plugins.toString())
                .run(arguments);
    }

    private Result withPluginsTck(Path plugins, String... options) throws Exception {
        Application application = application().withPlugins().environment("QK256_PLUGINS", plugins.toString());
        return tck(application, options);
    }

    @Test
    void pluginIsFoundWhereTheApplicationFindsIt() throws Exception {
        Path plugins = directory.resolve("plugins");
        Path jar = new TestModule("drop-in").jar(Application.spi(), directory, plugins);
        assertThat(withPlugins(plugins, "kernels").out()).containsPattern("(?m)^drop-in +1000 +selected  ");

        Result tck = withPluginsTck(plugins, "--provider=drop-in", "--rule=1", "-o=json");
        assertThat(tck.exit()).as(tck.out() + tck.err()).isZero();
        JsonObject report = JsonParser.parseString(tck.out()).getAsJsonObject();
        assertThat(report.get("sha256").getAsString()).isEqualTo(Artifact.sha256(jar));
    }

    @LongTest
    @Test
    void folderOfJarsIsCertifiedAsAWhole() throws Exception {
        Path plugins = directory.resolve("plugins");
        Path folder = plugins.resolve("folder");
        new TestModule("in-folder").jar(Application.spi(), directory, folder);
        Path library = Files.createDirectory(directory.resolve("library"));
        Path descriptor = Files.writeString(library.resolve("module-info.java"), "module example.library {}");
        assertThat(javax.tools.ToolProvider.getSystemJavaCompiler().run(null, null, null, descriptor.toString()))
                .isZero();
        assertThat(java.util.spi.ToolProvider.findFirst("jar")
                        .orElseThrow()
                        .run(
                                System.out,
                                System.err,
                                "--create",
                                "--file=" + folder.resolve("library.jar"),
                                "-C",
                                library.toString(),
                                "module-info.class"))
                .isZero();
        Result tck = withPluginsTck(plugins, "--provider=in-folder", "--rule=1", "-o=json");
        assertThat(tck.exit()).as(tck.out() + tck.err()).isZero();
        Path certificate = Files.writeString(plugins.resolve("in-folder.certificate.json"), tck.out());
        assertThat(withPlugins(plugins, "kernels").out()).containsPattern("(?m)^in-folder +1000 +selected  ");
        // As if all rules had been run, which would take a while.
        Files.writeString(certificate, tck.out().replace("\"complete\": false", "\"complete\": true"));
        assertThat(withPlugins(plugins, "kernels").out())
                .containsPattern("(?m)^in-folder +1000 +selected, certified  ");
        Files.delete(folder.resolve("library.jar"));
        assertThat(withPlugins(plugins, "kernels").out()).containsPattern("(?m)^in-folder +1000 +selected  ");
    }

    @LongTest
    @Test
    void nativeAccessIsGrantedAsTheApplicationGrantsIt() throws Exception {
        Path plugins = directory.resolve("plugins");
        new TestModule("machine-code")
                .replacing("return new Plain();", "MemorySegment.NULL.reinterpret(8); return new Plain();")
                .jar(Application.spi(), directory, plugins);
        Result refused = withPluginsTck(plugins, "--provider=machine-code", "--rule=1");
        assertThat(refused.exit()).as(refused.out() + refused.err()).isEqualTo(1);
        assertThat(refused.err()).contains("machine-code is rejected, opened: it needs native access");
        Result granted =
                withPluginsTck(plugins, "--provider=machine-code", "--rule=1", "--allow-native=example.machinecode");
        assertThat(granted.exit()).as(granted.out() + granted.err()).isZero();
    }

    @Test
    void passesUsageAndExitCodesOn() throws Exception {
        Result unknown = application().run("tck", "--provider=scaler");
        assertThat(unknown.exit()).isEqualTo(2);
        assertThat(unknown.err()).contains("no kernel is called 'scaler'; there are: ");
        Result nobody = application().run("tck");
        assertThat(nobody.exit()).isEqualTo(2);
        assertThat(nobody.err()).contains("--provider");
    }
}
