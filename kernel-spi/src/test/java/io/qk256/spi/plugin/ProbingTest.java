package io.qk256.spi.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Candidate.State;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.Remedy;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.spi.selection.VerdictCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels that would break this JVM if they were not first tried in another one. Most of the time is spent waiting. */
@Execution(ExecutionMode.CONCURRENT)
class ProbingTest {

    /** Only a kernel that hangs takes this long. */
    private static final Duration LONG = Duration.ofMinutes(10);

    /** The first time limit for a kernel that hangs; doubled if the kernel did not get to that point. */
    private static final Duration SHORT = Duration.ofSeconds(3);

    private static final String IN_NAME = "    @Override\n    public String name";

    @TempDir
    private Path work;

    private Path plugins = Path.of("");
    private Path cache = Path.of("");

    @BeforeEach
    void makeDirectories() throws IOException {
        assumeTrue(
                PathOfTheTests.isOnTheModulePath()
                        || System.getProperty("qk256.tests", "").equals("all"),
                "on a class path only with -Dqk256.tests=all");
        plugins = Files.createDirectory(work.resolve("plugins"));
        cache = work.resolve("cache");
    }

    private Candidate probe(Duration timeLimit) throws IOException {
        return probe(timeLimit, CpuFeatures.unknown(), "a CPU");
    }

    private Candidate probe(Duration timeLimit, CpuFeatures cpu, String cpuName) throws IOException {
        Plugins read = PluginDirectory.open(plugins)
                .allowNative(List.of("example.bad"))
                .refresh();
        Probing probing = new Probing(timeLimit, cpuName, Optional.of(VerdictCache.in(cache)));
        return KernelSelector.select(probing.of(read.sources()), cpu, Jvm.current(), SelectionOptions.NONE)
                .candidates()
                .getFirst();
    }

    /** Probes until the kernel hangs: how soon it gets there depends on the machine. */
    private Candidate probeUntil(Path hanging) throws IOException {
        Duration limit = SHORT;
        while (true) {
            cache = work.resolve("cache-" + limit);
            Candidate candidate = probe(limit);
            if (Files.exists(hanging) || limit.compareTo(LONG) > 0) {
                return candidate;
            }
            limit = limit.multipliedBy(2);
        }
    }

    private static String probed(Candidate candidate) {
        return candidate.steps().stream()
                .filter(step -> step.gate() == Gate.PROBED)
                .findFirst()
                .orElseThrow()
                .detail();
    }

    private TestPlugin bad() throws IOException {
        return TestPlugin.kernel("bad");
    }

    private static void assertDisqualified(Candidate candidate, String reason) {
        assertThat(candidate.why()).startsWith("probed: ").contains(reason);
        assertThat(candidate.state()).isEqualTo(State.REJECTED);
        assertThat(candidate.kernel()).isEmpty();
    }

    @Test
    void aRightKernelPassesAndTheVerdictIsKept() throws IOException {
        bad().jar(plugins.resolve("right.jar"));
        Candidate first = probe(LONG);
        assertThat(first.state()).as(first.why()).isEqualTo(State.SELECTED);
        assertThat(probed(first)).matches("passed all gates in a JVM of its own, in \\d+ ms");
        assertThat(probed(probe(LONG)))
                .matches(
                        "passed all gates in a JVM of its own \\(remembered since 20\\S+; to try it again, delete \\S+\\)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "MemorySegment.ofAddress(8).reinterpret(8).get(ValueLayout.JAVA_BYTE, 0); | crashed in open() with SIGSEGV",
                "Runtime.getRuntime().halt(7);   | ended the JVM in open() with exit code 7",
                "System.exit(0);                 | ended the JVM in open() with exit code 0",
            })
    void whatWouldEndThisJvmEndsTheProbe(String statement, String reason) throws IOException {
        bad().opening(statement).jar(plugins.resolve("bad.jar"));
        Candidate candidate = probe(LONG);
        assertDisqualified(candidate, reason);
        assertThat(candidate.name()).isEqualTo("bad");
        assertThat(candidate.rank()).contains(1000);
    }

    @Test
    void aKernelThatCrashesInTheSelfTestIsDisqualified() throws IOException {
        bad().replacing(
                        "return Qk256.code(w",
                        "MemorySegment.ofAddress(8).reinterpret(8).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);"
                                + " return Qk256.code(w")
                .jar(plugins.resolve("bad.jar"));
        assertDisqualified(probe(LONG), "crashed in the self-test with SIGSEGV");
    }

    @ParameterizedTest
    @CsvSource({
        "constructor, in its constructor or when asked for its name",
        "open, in open()",
        "code, in the self-test"
    })
    void aKernelThatHangsIsStopped(String where, String words) throws IOException {
        Path pid = work.resolve("pid");
        TestPlugin plugin = bad();
        plugin.replacing(
                IN_NAME,
                "static void hang() { try { java.nio.file.Files.writeString(java.nio.file.Path.of(\"" + pid
                        + "\"), \"\" + ProcessHandle.current().pid()); } catch (java.io.IOException e) { return; }"
                        + " while (true) { java.util.concurrent.locks.LockSupport.park(); } }"
                        + (where.equals("constructor") ? "public Provider() { hang(); }" : "") + IN_NAME);
        if (where.equals("open")) {
            plugin.opening("hang();");
        } else if (where.equals("code")) {
            plugin.replacing("return Qk256.code(w", "hang(); return Qk256.code(w");
        }
        plugin.jar(plugins.resolve("bad.jar"));
        Candidate candidate = probeUntil(pid);
        assertDisqualified(candidate, "did not end " + words + " within ");
        assertThat(candidate.why()).endsWith(" s; it was stopped");
        assertThat(candidate.remedy()).containsInstanceOf(Remedy.MoreProbeTime.class);
        assertThat(ProcessHandle.of(Long.parseLong(Files.readString(pid)))).isEmpty();
        assertThat(Files.exists(cache) ? cache.toFile().list() : new String[0])
                .as("a busy machine is no reason to reject the kernel for good")
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"MemorySegment.ofArray(new long[1 << 20])", "java.nio.ByteBuffer.allocateDirect(1 << 26)"})
    void aKernelThatEatsMemoryIsDisqualified(String allocation) throws IOException {
        bad().opening("var all = new java.util.ArrayList<Object>(); while (rank() > 0) { all.add(" + allocation
                        + "); }")
                .jar(plugins.resolve("bad.jar"));
        Candidate candidate = probe(LONG);
        assertThat(candidate.state()).isEqualTo(State.REJECTED);
        assertThat(candidate.why())
                .satisfiesAnyOf(
                        why -> assertThat(why).contains("ran out of memory in open(); a probe may use 256 MiB"),
                        why -> assertThat(why).contains("java.lang.OutOfMemoryError"));
    }

    /** The JVM limits neither. */
    @ParameterizedTest
    @ValueSource(strings = {"Arena.global().allocate(1 << 24)", "((MemorySegment) malloc.invokeExact(1L << 24))"})
    @EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux tells what a process has in memory")
    void aKernelThatEatsMemoryPastTheJvmIsDisqualified(String allocation) throws IOException {
        bad().replacing("import java.lang.foreign.MemorySegment;", "import java.lang.foreign.*;")
                .opening("Linker linker = Linker.nativeLinker();"
                        + " var malloc = linker.downcallHandle(linker.defaultLookup().findOrThrow(\"malloc\"),"
                        + " FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));"
                        + " try { while (rank() > 0) { " + allocation + ".reinterpret(1L << 24).fill((byte) 1); } }"
                        + " catch (Throwable e) { throw new AssertionError(e); }")
                .jar(plugins.resolve("bad.jar"));
        Candidate candidate = probe(LONG);
        assertDisqualified(candidate, "used more than 1024 MiB of memory in open(); it was stopped");
        assertThat(candidate.remedy()).isEmpty();
    }

    @Test
    void aKernelWithAnInstructionThatTheCpuLacksIsDisqualified() throws IOException, InterruptedException {
        Path library = CLibrary.compile("illegal", """
                int JNI_OnLoad(void *vm, void *reserved) {
                #if defined(__x86_64__)
                    __asm__ volatile("ud2");
                #elif defined(__aarch64__)
                    __asm__ volatile(".inst 0"); /* udf */
                #endif
                    return 0x00010008;
                }
                """);
        bad().opening("System.load(\"" + library + "\");").jar(plugins.resolve("bad.jar"));
        Candidate candidate = probe(LONG);
        assertDisqualified(candidate, "crashed in open() with SIGILL in C  [" + library.getFileName());
        assertThat(candidate.why()).contains("JNI_OnLoad").endsWith(": it uses an instruction that this CPU lacks");
    }

    @Test
    void rubbishOnTheStreamsIsNoAnswer() throws IOException {
        bad().opening(
                        "for (int i = 0; i < 100_000; i++) { System.out.println(\"end=usable\"); System.err.println(\"x\"); }"
                                + " Runtime.getRuntime().halt(0);")
                .jar(plugins.resolve("bad.jar"));
        Candidate candidate = probe(LONG);
        assertDisqualified(candidate, "ended the JVM in open() with exit code 0");
        assertThat(candidate.failure().orElseThrow().getMessage())
                .contains("it printed: ")
                .contains("end=usable")
                .hasSizeLessThan(6000);
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void childrenOfTheKernelAreKilled() throws IOException, InterruptedException {
        Path pid = work.resolve("pid");
        bad().opening("try { long sleep = new ProcessBuilder(\"sleep\", \"3600\").start().pid();"
                        + " java.nio.file.Files.writeString(java.nio.file.Path.of(\"" + pid + "\"), \"\" + sleep);"
                        + " } catch (java.io.IOException e) {}"
                        + " while (rank() > 0) { java.util.concurrent.locks.LockSupport.park(); }")
                .jar(plugins.resolve("bad.jar"));
        assertDisqualified(probeUntil(pid), "did not end in open()");
        Optional<ProcessHandle> child = ProcessHandle.of(Long.parseLong(Files.readString(pid)));
        while (child.flatMap(process -> process.info().commandLine()).isPresent()) { // A dead process has none.
            Thread.sleep(10);
        }
    }

    @Test
    void aRejectionInTheProbeIsTheRejection() throws IOException {
        bad().replacing(
                        "return Requirements.NONE;",
                        "return new Requirements(java.util.Set.of(CpuFeature.SVE), java.util.Set.of());")
                .jar(plugins.resolve("bad.jar"));
        Candidate candidate = probe(LONG, CpuFeatures.of(List.of()), "a CPU");
        assertThat(candidate.why()).isEqualTo("CPU features: the CPU lacks sve");
        assertThat(candidate.name()).isEqualTo("bad");
    }

    @Test
    void aKernelThatIsWrongFailsTheSelfTestThere() throws IOException {
        bad().replacing("return Qk256.code(w", "return 3 - Qk256.code(w").jar(plugins.resolve("bad.jar"));
        assertThat(probe(LONG).why()).startsWith("self-test: dequantize 1x8: element 0 is 2.0");
    }

    @Test
    void nativeAccessIsRefusedThereAlsoIfThisJvmWouldOnlyWarn() throws IOException {
        TestPlugin.kernel("sneaky")
                .opening("MemorySegment.NULL.reinterpret(8);")
                .jar(plugins.resolve("sneaky.jar"));
        Candidate candidate = probe(LONG);
        assertThat(candidate.why()).isEqualTo("opened: it needs native access, which it was not granted");
        assertThat(candidate.remedy()).contains(new Remedy.AllowNative("example.sneaky"));
    }

    @Test
    void anotherCpuAnotherFileAndADamagedEntryAreProbedAnew() throws IOException {
        bad().opening("System.exit(4);").jar(plugins.resolve("bad.jar"));
        assertThat(probe(LONG).why()).endsWith("with exit code 4");
        assertThat(probe(LONG).why()).contains("with exit code 4 (remembered since ");
        assertThat(probe(LONG, CpuFeatures.unknown(), "another CPU").why()).endsWith("with exit code 4");
        try (Stream<Path> entries = Files.list(cache)) {
            for (Path entry : entries.toList()) {
                Files.writeString(entry, "for.cpu=\\u00");
            }
        }
        assertThat(probe(LONG).why()).endsWith("with exit code 4");
        assertThat(probe(LONG).why()).contains("(remembered since ");
        bad().opening("System.exit(5);").jar(plugins.resolve("bad.jar"));
        assertThat(probe(LONG).why()).endsWith("with exit code 5");
    }
}
