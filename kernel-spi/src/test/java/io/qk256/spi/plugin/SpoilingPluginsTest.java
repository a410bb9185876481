package io.qk256.spi.plugin;

import static io.qk256.spi.plugin.HostilePlugin.USABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.plugin.HostilePlugin.Place;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Plugins that compute correctly but harm the process by what they print, change or leave behind. */
@Execution(ExecutionMode.CONCURRENT)
class SpoilingPluginsTest {

    /** For plugins that wait forever. It limits their own time, so a busy machine does not shorten it. */
    private static final Duration SHORT = Duration.ofSeconds(4);

    private static final Duration LONG = Duration.ofSeconds(60);

    private static final String CHANGE = "; a kernel must not change its process";
    private static final String SLEEP = "try { Thread.sleep(1_000_000); } catch (InterruptedException e) { return; }";
    private static final String BYTES = "byte[] bytes = new byte[1 << 20]; java.util.Arrays.fill(bytes, (byte) '\\n');";
    /** After the probe the plugin also runs in this process. */
    private static final String IN_PROBE =
            "if (System.getProperty(\"jdk.module.main.class\", \"\").endsWith(\"ProbeMain\")) ";

    private static final String RAW = "new java.io.FileOutputStream(java.io.FileDescriptor.out)";

    @TempDir
    private Path work;

    private Selection select(TestPlugin plugin, Duration limit) throws IOException {
        plugin.jar(work.resolve("hostile.jar"));
        Plugins read = PluginDirectory.open(work)
                .allowNative(List.of("example.hostile"))
                .refresh();
        List<KernelSource> sources = new ArrayList<>(List.of(KernelSource.of(new BuiltIn())));
        sources.addAll(new Probing(limit, "a CPU", Optional.empty()).of(read.sources()));
        return KernelSelector.select(sources, CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
    }

    private Candidate examine(HostilePlugin hostile, Duration limit) throws IOException {
        Selection selection = select(hostile.plugin(), limit);
        assertThat(selection.selected()).map(Candidate::name).contains("builtin");
        return selection.candidates().stream()
                .filter(candidate -> candidate.artifact().plugin())
                .findFirst()
                .orElseThrow();
    }

    private static HostilePlugin opening(String code, String why) {
        return new HostilePlugin("hostile", Place.OPEN, code, why);
    }

    private static HostilePlugin changing(String code, String why) {
        return opening(code, "probed: " + why);
    }

    static Stream<HostilePlugin> changing() {
        return Stream.of(
                changing("System.out.close();", "it closes System.out or System.err" + CHANGE),
                changing("System.err.close();", "it closes System.out or System.err" + CHANGE),
                changing("System.setOut(System.err);", "it replaces System.out" + CHANGE),
                changing("System.setErr(null);", "it replaces System.err" + CHANGE),
                changing("System.setIn(java.io.InputStream.nullInputStream());", "it replaces System.in" + CHANGE),
                changing(
                        "Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {});",
                        "it sets the default handler of uncaught exceptions" + CHANGE),
                changing("Thread.currentThread().interrupt();", "it leaves the calling thread interrupted" + CHANGE),
                changing(
                        "Thread.currentThread().setContextClassLoader(null);",
                        "it changes the context class loader of the calling thread" + CHANGE),
                changing("Thread.currentThread().setPriority(1);", "it changes the thread's priority from '5' to '1'"),
                changing(
                        "java.util.Locale.setDefault(java.util.Locale.forLanguageTag(\"ar-EG\"));",
                        "it changes the default locale from "),
                changing(
                        "java.util.TimeZone.setDefault(java.util.TimeZone.getTimeZone(\"Asia/Tokyo\"));",
                        "it changes the time zone from "),
                changing(
                        "System.setProperty(\"java.io.tmpdir\", \"/nowhere\");",
                        "it changes the system property java.io.tmpdir from "),
                changing(
                        "System.setProperty(\"qk256.native.tier\", \"none\");",
                        "it changes the system property qk256.native.tier from '' to 'none'"),
                changing("System.clearProperty(\"user.home\");", "it changes the system property user.home from "),
                changing(
                        "new Thread(() -> {" + SLEEP + "}, \"lasting\").start();",
                        "it leaves thread 'lasting' running, which is not a daemon, so a program would not end"
                                + CHANGE),
                changing(
                        "Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(7)));",
                        "ended the JVM when the process was to end (shutdown hooks) with exit code 7"),
                changing(
                        "try { " + RAW + ".write(new byte[] {'h', 27, 'i'}); }"
                                + " catch (java.io.IOException e) { return null; }",
                        "writes to standard output past System.out, 'h\\u001bi'; standard output belongs to the"),
                changing(
                        BYTES + " try { for (int i = 0; i < 1024; i++) { " + RAW + ".write(bytes); } }"
                                + " catch (java.io.IOException e) { return null; }"
                                + SLEEP.replace("return", "return null"),
                        "printed more than 1 MiB in open(); it was stopped; a kernel must not print"));
    }

    @ParameterizedTest
    @MethodSource("changing")
    void whatChangesTheProcessIsRejected(HostilePlugin hostile) throws IOException {
        Candidate candidate = examine(hostile, LONG);
        assertThat(candidate.why()).startsWith(hostile.why());
        assertThat(candidate.kernel()).isEmpty();
    }

    static Stream<HostilePlugin> waiting() {
        return Stream.of(
                opening(
                        "Runtime.getRuntime().addShutdownHook(new Thread(() -> {" + SLEEP + "}));",
                        "when the process was to end (shutdown hooks)"),
                opening(
                        "Object out = System.out; var held = new java.util.concurrent.CountDownLatch(1);"
                                + " Thread.ofPlatform().daemon().start(() -> { synchronized (out) { held.countDown(); "
                                + SLEEP
                                + "} }); try { held.await(); } catch (InterruptedException e) { return null; }",
                        "while it holds the monitor of System.out or System.err"),
                new HostilePlugin(
                        "hostile",
                        Place.NAMING,
                        SLEEP.replace("return", "return null") + " return null;",
                        "in its constructor or when asked for its name"),
                new HostilePlugin(
                        "hostile",
                        Place.KERNEL,
                        "public String toString() { " + SLEEP.replace("return", "return null") + " return null; }",
                        "in the self-test"),
                new HostilePlugin(
                        "hostile",
                        Place.VERSION,
                        "while (rank() < 0) { Thread.onSpinWait(); } return \"\";",
                        "before it was opened"));
    }

    @ParameterizedTest
    @MethodSource("waiting")
    void whatDoesNotEndIsStopped(HostilePlugin hostile) throws IOException {
        assertThat(examine(hostile, SHORT).why())
                .isEqualTo("probed: did not end " + hostile.why() + " within 4.0 s; it was stopped");
    }

    /** The first one prints more than a probe may hold in memory or write to a file. */
    static Stream<HostilePlugin> printing() {
        return Stream.of(
                opening(
                        BYTES + IN_PROBE
                                + "{ for (int i = 0; i < 300; i++) { System.out.write(bytes, 0, bytes.length); } }",
                        "it printed 314572800 bytes"),
                opening(IN_PROBE + "System.err.print(\"\\u001b[2J\".repeat(100_000));", "it printed 400000 bytes"),
                opening(IN_PROBE + "new Exception(\"only said\").printStackTrace();", "it printed "));
    }

    @ParameterizedTest
    @MethodSource("printing")
    void whatOnlyPrintsIsUsableAndItsPrintsAreCounted(HostilePlugin hostile) throws IOException {
        Candidate candidate = examine(hostile, LONG);
        assertThat(candidate.why()).isEqualTo(USABLE);
        assertThat(candidate.steps())
                .filteredOn(step -> step.gate() == Gate.PROBED)
                .singleElement()
                .satisfies(step ->
                        assertThat(step.detail()).contains(hostile.why()).endsWith("a kernel must not print"));
    }

    /** Otherwise a plugin could take the user's input, or wait for it forever. */
    @Test
    void standardInputIsEmpty() throws IOException {
        Candidate candidate = examine(
                opening(
                        "try { " + IN_PROBE
                                + "if (System.in.read() >= 0) { return null; } } catch (java.io.IOException e) { return null; }",
                        USABLE),
                LONG);
        assertThat(candidate.why()).isEqualTo(USABLE);
    }

    @ParameterizedTest
    @MethodSource("machineCode")
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64", disabledReason = "its C is for Linux on x86")
    void whatMachineCodeSpoilsIsSeen(HostilePlugin hostile) throws IOException, InterruptedException {
        Path library = CLibrary.compile(
                "spoils-" + Integer.toHexString(hostile.code().hashCode()), """
                #include <signal.h>
                #include <stdio.h>
                #include <unistd.h>
                #include <xmmintrin.h>
                int JNI_OnLoad(void *vm, void *reserved) {
                    CODE
                    return 0x00010008;
                }
                """.replace("CODE", hostile.code()));
        Candidate candidate = examine(opening("System.load(\"" + library + "\");", hostile.why()), LONG);
        assertThat(candidate.why()).startsWith("probed: " + hostile.why());
    }

    static Stream<HostilePlugin> machineCode() {
        return Stream.of(
                opening("printf(\"hello\"); fflush(stdout);", "writes to standard output past System.out, 'hello'"),
                opening("_mm_setcsr(_mm_getcsr() | 0x8040);", "it changes how float arithmetic rounds from "),
                opening("_mm_setcsr(_mm_getcsr() | 0x2000);", "it changes how float arithmetic rounds from "),
                opening("signal(SIGUSR2, SIG_IGN);", "it changes the handlers of signals from "),
                opening("close(1);", "it changes file descriptor 1 from "),
                opening("dup2(2, 1);", "it changes file descriptor 1 from "));
    }
}
