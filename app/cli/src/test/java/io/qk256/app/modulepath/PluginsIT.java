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
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application with a plugin directory. */
class PluginsIT {

    private static final String OPEN = "return new Plain();";

    /** A restricted method: the JVM allows it only with native access. */
    private static final String NATIVE = "MemorySegment.NULL.reinterpret(8); return new Plain();";

    @TempDir
    private Path work;

    private Path plugins() {
        return work.resolve("plugins");
    }

    private Path add(TestModule module) throws IOException {
        return add(module, plugins());
    }

    private Path add(TestModule module, Path directory) throws IOException {
        return module.jar(Application.spi(), work, directory);
    }

    private Result kernels(String... options) throws Exception {
        return run(Application.complete(), options);
    }

    private Result run(Application application, String... options) throws Exception {
        String[] all = Arrays.copyOf(options, options.length + 4);
        all[options.length] = "--plugins";
        all[options.length + 1] = plugins().toString();
        all[options.length + 2] = "kernels";
        all[options.length + 3] = "--json";
        return application.withPlugins().run(all);
    }

    private static JsonObject kernel(Result result, String name) {
        assertThat(result.exit()).as(result.err()).isZero();
        for (JsonElement kernel : json(result).getAsJsonArray("kernels")) {
            if (text(kernel.getAsJsonObject(), "name").equals(name)) {
                return kernel.getAsJsonObject();
            }
        }
        throw new AssertionError("no kernel " + name + " in " + result.out());
    }

    private static JsonObject json(Result result) {
        return JsonParser.parseString(result.out()).getAsJsonObject();
    }

    private static String text(JsonObject kernel, String key) {
        return kernel.get(key).getAsString();
    }

    @Test
    void aJarThatIsDroppedInIsSelectedAndRight() throws Exception {
        Path jar = add(new TestModule("drop-in"));
        Result result = kernels("--require", "drop-in");
        JsonObject kernel = kernel(result, "drop-in");
        assertThat(text(kernel, "state")).isEqualTo("selected");
        assertThat(text(kernel, "module")).isEqualTo("example.dropin");
        assertThat(text(kernel, "origin")).isEqualTo(jar.toString());
        assertThat(text(kernel, "sha256")).isEqualTo(Artifact.sha256(jar));
        assertThat(kernel.get("plugin").getAsBoolean()).isTrue();
        Result proof =
                Application.complete().withPlugins().run("--plugins", plugins().toString());
        assertThat(proof.exit()).as(proof.err()).isZero();
        assertThat(proof.out()).contains("drop-in is right");
    }

    @Test
    void tableShowsWhereEachKernelComesFromWithin120Columns() throws Exception {
        Path jar = add(new TestModule("drop-in"));
        Result result = Application.complete()
                .optimizing()
                .withPlugins()
                .run("kernels", "--plugins", plugins().toString());
        assertThat(result.out())
                .contains("drop-in      example.dropin        -               "
                        + Artifact.sha256(jar).substring(0, 12) + "  plugin drop-in.jar")
                .containsPattern("scalar +io.qk256.scalar +0\\.\\S+ +[0-9a-f]{12}  kernel-scalar-");
        assertThat(result.out().lines().filter(line -> !line.startsWith("CPU"))).allMatch(line -> line.length() <= 120);
    }

    @Test
    void optionBeatsVariableBeatsDirectoryBesideTheApplication() throws Exception {
        add(new TestModule("by-option"));
        Path variable = work.resolve("by-variable");
        add(new TestModule("by-variable"), variable);
        Path beside = work.resolve("beside");
        add(new TestModule("beside"), beside);
        Application application = Application.complete().withPlugins().jvm("-Dqk256.plugins=" + beside);
        assertThat(text(json(application.run("kernels", "--json")), "selected")).isEqualTo("beside");
        application.environment("QK256_PLUGINS", variable.toString());
        assertThat(text(json(application.run("kernels", "--json")), "selected")).isEqualTo("by-variable");
        Result option =
                application.run("kernels", "--json", "--plugins", plugins().toString());
        assertThat(text(json(option), "selected")).isEqualTo("by-option");
        assertThat(option.out()).doesNotContain("by-variable.jar").doesNotContain("beside.jar");
    }

    @Test
    void namedDirectoryMustExistAndTheDefaultOneNeedNot() throws Exception {
        String none = work.resolve("none").toString();
        Result option = Application.complete().run("--plugins", none, "kernels");
        assertThat(option.exit()).isEqualTo(2);
        assertThat(option.err()).contains("--plugins " + none + ": no such directory");
        Result variable =
                Application.complete().environment("QK256_PLUGINS", none).run("kernels");
        assertThat(variable.exit()).isEqualTo(2);
        assertThat(variable.err()).contains("QK256_PLUGINS=" + none + ": no such directory");
        assertThat(Application.complete()
                        .jvm("-Dqk256.plugins=" + none)
                        .run("kernels")
                        .exit())
                .isZero();
    }

    @LongTest
    @Test
    void brokenPluginsAreRowsAndTheNextIsSelected() throws Exception {
        Files.createDirectories(plugins().resolve("empty"));
        Files.writeString(plugins().resolve("text.jar"), "this is no jar");
        add(new TestModule("throws-in-open").replacing(OPEN, "throw new UnsupportedOperationException(\"no\");"));
        Files.copy(Application.spi(), plugins().resolve("spi.jar"));
        Result result = kernels();
        assertThat(text(kernel(result, "empty"), "why")).contains("there is no jar in this folder");
        assertThat(text(kernel(result, "text.jar"), "why")).contains("text.jar is not a valid jar");
        assertThat(text(kernel(result, "spi.jar"), "why")).contains("is the contract itself");
        assertThat(text(kernel(result, "throws-in-open"), "why"))
                .isEqualTo("opened: java.lang.UnsupportedOperationException: no");
        assertThat(List.of("avx2-native", "avx2-vector", "scalar")).contains(text(json(result), "selected"));
    }

    @Test
    void builtInKernelInThePluginsIsRejected() throws Exception {
        Files.createDirectories(plugins());
        Path scalar = Path.of(text(kernel(Application.complete().run("kernels", "--json"), "scalar"), "origin"));
        Files.copy(scalar, plugins().resolve("copy.jar"));
        assertThat(text(kernel(kernels(), "copy.jar"), "why"))
                .isEqualTo("resolved: module io.qk256.scalar is part of the application; remove one of them,"
                        + " or give it another name");
    }

    @LongTest
    @Test
    void nativeAccessIsRefusedUnlessTheOperatorAllowsIt() throws Exception {
        add(new TestModule("machine-code").replacing(OPEN, NATIVE));
        JsonObject refused = kernel(kernels(), "machine-code");
        assertThat(text(refused, "state")).isEqualTo("rejected");
        assertThat(text(refused, "why")).isEqualTo("opened: it needs native access, which it was not granted");
        assertThat(text(refused, "remedy"))
                .isEqualTo("if you trust it, allow it with --allow-native example.machinecode or in the trust file");
        assertThat(text(kernel(kernels("--allow-native", "example.machinecode"), "machine-code"), "state"))
                .isEqualTo("selected");
        Files.writeString(plugins().resolve("trust.properties"), "example.machinecode.native = allow\n");
        assertThat(text(kernel(kernels(), "machine-code"), "state")).isEqualTo("selected");
    }

    @LongTest
    @Test
    void pinnedPluginThatWasExchangedIsNotLoaded() throws Exception {
        Path jar = add(new TestModule("pinned"));
        Files.writeString(
                plugins().resolve("trust.properties"), "example.pinned.sha256 = " + Artifact.sha256(jar) + "\n");
        assertThat(text(kernel(kernels(), "pinned"), "state")).isEqualTo("selected");
        add(new TestModule("pinned").replacing("return 1000;", "return 1001;"));
        assertThat(text(kernel(kernels(), "pinned.jar"), "why"))
                .contains("its SHA-256 is ")
                .contains("pins example.pinned to ");
        Files.writeString(plugins().resolve("trust.properties"), "example.pinned.sha512 = 1\n");
        assertThat(text(kernel(kernels(), "pinned.jar"), "why")).contains("'example.pinned.sha512', expected");
    }

    @Test
    void grantForNobodyIsWrongUsage() throws Exception {
        add(new TestModule("plain"));
        Result result = kernels("--allow-native", "example.plaim");
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err())
                .contains(
                        "--allow-native example.plaim: no plugin has a module of this name; there are: example.plain");
    }

    @LongTest
    @Test
    void pluginsThatWouldEndTheApplicationAreDisqualifiedAndTheNextIsSelected() throws Exception {
        String crash = "MemorySegment.ofAddress(8).reinterpret(8).get(ValueLayout.JAVA_BYTE, 0); " + OPEN;
        add(new TestModule("crashing").replacing(OPEN, crash));
        add(new TestModule("halting").replacing(OPEN, "Runtime.getRuntime().halt(0); " + OPEN));
        add(new TestModule("right").replacing("return 1000;", "return 999;"));
        Result result = kernels("--allow-native", "example.crashing");
        assertThat(text(kernel(result, "crashing"), "why")).startsWith("probed: crashed in open() with SIGSEGV");
        assertThat(text(kernel(result, "halting"), "why"))
                .startsWith("probed: ended the JVM in open() with exit code 0");
        assertThat(text(json(result), "selected")).isEqualTo("right");
        Result again = kernels("--allow-native", "example.crashing");
        assertThat(text(kernel(again, "halting"), "why"))
                .containsPattern(
                        "exit code 0 \\(remembered since 20\\S+; to try it again, delete \\S+\\.probe\\.properties\\)");
        assertThat(text(json(again), "selected")).isEqualTo("right");
    }

    /** How soon the plugin starts to hang depends on the machine. */
    @LongTest
    @Test
    void aPluginThatHangsIsDisqualifiedAndTheNextIsSelected() throws Exception {
        Path hanging = work.resolve("began-to-hang");
        add(new TestModule("hanging")
                .replacing(
                        OPEN,
                        "try { java.nio.file.Files.createFile(java.nio.file.Path.of(\"" + hanging
                                + "\")); } catch (java.io.IOException e) { throw new AssertionError(e); }"
                                + " while (rank() > 0) { java.util.concurrent.locks.LockSupport.park(); } " + OPEN));
        Result result;
        int seconds = 2;
        do {
            seconds *= 2;
            Application application = Application.complete()
                    .environment(
                            "QK256_CACHE_DIR", work.resolve("cache-" + seconds).toString());
            result = run(application, "--probe-seconds", String.valueOf(seconds));
        } while (!Files.exists(hanging) && seconds < 600);
        assertThat(text(kernel(result, "hanging"), "why"))
                .isEqualTo("probed: did not end in open() within " + seconds + ".0 s; it was stopped");
        assertThat(text(kernel(result, "hanging"), "remedy"))
                .isEqualTo("--probe-seconds gives it more time than " + seconds + " s");
        assertThat(text(json(result), "selected")).isIn("avx2-native", "avx2-vector", "scalar");
    }

    @Test
    void probingCanBeSwitchedOffAndOnForAll() throws Exception {
        add(new TestModule("ending").replacing(OPEN, "System.exit(77); " + OPEN));
        Result unprobed = kernels("--probe", "none");
        assertThat(unprobed.exit()).isEqualTo(1);
        assertThat(unprobed.err()).contains("example.ending ended the program with System.exit");
        Result all = kernels("--probe", "all");
        assertThat(text(kernel(all, "ending"), "why")).contains("exit code 77");
        Result explained = Application.complete()
                .withPlugins()
                .run("--probe=all", "explain", "scalar", "--plugins", plugins().toString());
        assertThat(explained.out()).containsPattern("probed +passed +passed all gates in a JVM of its own");
        assertThat(Application.complete().run("explain", "scalar").out()).containsPattern("probed +passed +not probed");
    }

    @Test
    void limitOfTheProbeThatCannotBeIsWrongUsage() throws Exception {
        Files.createDirectories(plugins());
        Result none = kernels("--probe-seconds", "0");
        assertThat(none.exit()).isEqualTo(2);
        assertThat(none.err()).contains("--probe-seconds: 0, expected 1 to 3600");
        Result unprobed = kernels("--probe", "none", "--probe-seconds", "5");
        assertThat(unprobed.exit()).isEqualTo(2);
        assertThat(unprobed.err())
                .contains("--probe-seconds 5 limits a probe, but --probe none turns probes off; use only one of them");
    }

    @Test
    void withoutACacheAllWorksAndVerboseSaysSo() throws Exception {
        add(new TestModule("right"));
        Path file = Files.createFile(work.resolve("file"));
        Application application = Application.complete()
                .environment("QK256_CACHE_DIR", file.resolve("below").toString());
        Result result = run(application, "-v");
        assertThat(text(json(result), "selected")).isEqualTo("right");
        assertThat(result.err()).contains("verdicts are not kept in " + file.resolve("below"));
        assertThat(run(application).err()).doesNotContain("verdicts are not kept");
    }

    /** Standard output is data: a limited part of what plugins print goes to standard error, with their names. */
    @LongTest
    @Test
    void whatPluginsPrintDoesNotReachStandardOutput() throws Exception {
        add(new TestModule("printing")
                .replacing(
                        OPEN,
                        "System.out.print(\"\\u001b[2J}\"); byte[] bytes = new byte[1 << 16];"
                                + " java.util.Arrays.fill(bytes, (byte) '\\n'); bytes[9] = 'x';"
                                + " for (int i = 0; i < 1024; i++) { System.out.write(bytes, 0, bytes.length); }"
                                + " System.err.println(\"hello\"); " + OPEN));
        Result result = kernels();
        assertThat(text(json(result), "selected")).isEqualTo("printing");
        assertThat(result.err())
                .contains("[example.printing] \\u001b[2J}")
                .contains("further output is not shown")
                .doesNotContain("\u001b")
                .hasSizeLessThan(200_000);
        assertThat(kernels("--probe", "none").out()).isEqualTo(result.out());
    }

    /** What the probe would find if it were not turned off. */
    @Test
    void theEndDoesNotDependOnPlugins() throws Exception {
        add(new TestModule("spoiling")
                .replacing(
                        OPEN,
                        "java.io.PrintStream out = System.out; out.close(); System.setOut(null); System.setErr(null);"
                                + " Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {});"
                                + " Runnable sleep = () -> { synchronized (out) { try { Thread.sleep(1_000_000); }"
                                + " catch (InterruptedException e) { throw new IllegalStateException(e); } } };"
                                + " new Thread(sleep).start();"
                                + " Runtime.getRuntime().addShutdownHook(new Thread(sleep)); " + OPEN));
        Result spoilt = kernels("--probe", "none");
        assertThat(spoilt.exit()).as(spoilt.err()).isZero();
        assertThat(text(json(spoilt), "selected")).isEqualTo("spoiling");
        Result probed = kernels();
        assertThat(text(kernel(probed, "spoiling"), "why"))
                .isEqualTo("probed: it closes System.out or System.err; a kernel must not change its process");
    }

    @Test
    void aPluginThatEndsTheProgramLaterMakesItFail() throws Exception {
        add(
                new TestModule("late")
                        .replacing(
                                "        int code(Qk256Matrix w, int row, int col) {",
                                "        int code(Qk256Matrix w, int row, int col) {\n"
                                        + "            if (w.rows() > 100) { new Thread(() -> System.exit(0)).start(); while (row >= 0) {} }"));
        Result result = Application.complete()
                .withPlugins()
                .run("check", "--plugins", plugins().toString());
        assertThat(result.exit()).as(result.out()).isEqualTo(1);
        assertThat(result.err())
                .contains("qk256: example.late ended the program with System.exit; the output is incomplete");
    }

    @Test
    void aSignalEndsTheProgramThoughAPluginsHookSleeps() throws Exception {
        Path told = work.resolve("told");
        add(new TestModule("sleeping")
                .replacing(
                        OPEN,
                        "Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { Thread.sleep(1_000_000); }"
                                + " catch (InterruptedException e) { throw new IllegalStateException(e); } }));"
                                + " try { java.nio.file.Files.writeString(java.nio.file.Path.of(\"" + told
                                + "\"), \"\"); Thread.sleep(1_000_000); }"
                                + " catch (Exception e) { throw new IllegalStateException(e); } " + OPEN));
        Process process = Application.complete()
                .withPlugins()
                .builder("--probe", "none", "kernels", "--plugins", plugins().toString())
                .start();
        while (!Files.exists(told) && process.isAlive()) {
            Thread.sleep(20);
        }
        process.destroy();
        assertThat(process.waitFor()).isEqualTo(143);
    }

    @Test
    void aRunThatUsesAnotherKernelSaysWhy() throws Exception {
        add(new TestModule("pinned"));
        Files.writeString(plugins().resolve("trust.properties"), "example.pinned.sha256 = " + "0".repeat(64) + "\n");
        Result result = Application.complete()
                .withPlugins()
                .run("run", "-n", "1", "--plugins", plugins().toString());
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.err().lines().filter(line -> line.contains("pinned")))
                .singleElement()
                .asString()
                .startsWith("qk256: plugin pinned.jar is not used: installed: its SHA-256 is ");
    }

    @Test
    void aBlankVariableIsNotSet() throws Exception {
        Path beside = work.resolve("beside");
        add(new TestModule("beside"), beside);
        Result result = Application.complete()
                .withPlugins()
                .jvm("-Dqk256.plugins=" + beside)
                .environment("QK256_PLUGINS", " ")
                .environment("QK256_CACHE_DIR", "")
                .environment("XDG_CACHE_HOME", work.toString())
                .run("kernels", "--json");
        assertThat(text(json(result), "selected")).isEqualTo("beside");
        assertThat(work.resolve("qk256")).isDirectory();
    }
}
