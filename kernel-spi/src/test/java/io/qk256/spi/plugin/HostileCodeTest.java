package io.qk256.spi.plugin;

import static io.qk256.spi.plugin.HostilePlugin.USABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.plugin.HostilePlugin.Place;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Plugins that throw, return null, or return text that would harm whoever prints it. None of them ends the process, so
 * all are in one directory and are examined together in this process.
 */
class HostileCodeTest {

    private static final String ESCAPES = "\\u001b[2J\\u0007\\u202e\\n";
    private static final String HUGE = "\"x\".repeat(10_000_000)";

    @TempDir
    private static Path plugins;

    private static Selection selection;
    private static Map<String, Candidate> byFile = Map.of();

    static Stream<HostilePlugin> plugins() {
        return Stream.of(
                row(
                        "static1",
                        Place.MEMBERS,
                        "static { if (true) { throw new IllegalStateException(\"no\"); } }",
                        "found: "),
                row(
                        "static2",
                        Place.MEMBERS,
                        "static final int DEEP = deep(); static int deep() { return deep() + 1; }",
                        "found: java.util.ServiceConfigurationError"),
                row(
                        "static3",
                        Place.MEMBERS,
                        "static { if (true) { throw new OutOfMemoryError(\"not really\"); } }",
                        "found: java.util.ServiceConfigurationError"),
                row(
                        "maker1",
                        Place.MEMBERS,
                        "public Provider() { throw new IllegalStateException(\"no\"); }",
                        "found: "),
                row(
                        "maker2",
                        Place.MEMBERS,
                        "public Provider() { throw new NoClassDefFoundError(\"gone/Away\"); }",
                        "found: "),
                row(
                        "naming1",
                        Place.NAMING,
                        "throw new IllegalStateException(\"no\");",
                        "found: java.lang.IllegalStateException: no"),
                row(
                        "naming2",
                        Place.NAMING,
                        "return null;",
                        "found: java.lang.NullPointerException: name() returned null"),
                row("naming3", Place.NAMING, "return \"\";", "found: its name is ''"),
                row(
                        "naming4",
                        Place.NAMING,
                        "return \"a" + ESCAPES + "b\";",
                        "found: its name is 'a\\u001b[2J\\u0007\\u202e b', expected lower case"),
                row("naming5", Place.NAMING, "return " + HUGE + ";", "found: its name has 10000000 characters"),
                row(
                        "naming6",
                        Place.NAMING,
                        "return \"a-\".repeat(100_000) + \"a\";",
                        "found: its name has 200001 characters"),
                row("naming7", Place.NAMING, "return \"builtin\";", "found: another provider is called 'builtin' too"),
                row("naming8", Place.NAMING, "return \"\\u0430vx2\";", "found: its name is '\u0430vx2'"),
                row("naming9", Place.NAMING, "return name();", "found: java.lang.StackOverflowError"),
                row("ranking1", Place.RANK, "throw new AssertionError();", "found: java.lang.AssertionError"),
                row("version1", Place.VERSION, "return null;", "contract version: built for contract 'null'"),
                row(
                        "version2",
                        Place.VERSION,
                        "return \"1.\" + \"9\".repeat(5_000_000);",
                        "contract version: built for contract '1.999"),
                row(
                        "version3",
                        Place.VERSION,
                        "return \"1.0" + ESCAPES + "\";",
                        "contract version: built for contract '1.0\\u001b[2J"),
                row(
                        "needs1",
                        Place.REQUIREMENTS,
                        "return null;",
                        "CPU features: java.lang.NullPointerException: requirements() returned null"),
                row(
                        "needs2",
                        Place.REQUIREMENTS,
                        "throw new StackOverflowError();",
                        "CPU features: java.lang.StackOverflowError"),
                row(
                        "needs3",
                        Place.REQUIREMENTS,
                        "return new Requirements(null, null);",
                        "CPU features: java.lang.NullPointerException"),
                row(
                        "open1",
                        Place.OPEN,
                        "if (rank() < 0) { return null; }",
                        "opened: java.lang.NullPointerException: open() returned null"),
                row(
                        "open2",
                        Place.OPEN,
                        "if (rank() < 0) { throw new OutOfMemoryError(\"not really\"); }",
                        "opened: java.lang.OutOfMemoryError: not really"),
                row(
                        "open3",
                        Place.OPEN,
                        "class Death extends Error {} if (rank() < 0) { throw new Death(); }",
                        "opened: example.open3.Provider$1Death"),
                row(
                        "open4",
                        Place.OPEN,
                        thrower("public String getMessage() { throw new IllegalStateException(); }"),
                        "opened: example.open4.Provider$1Bad"),
                row(
                        "open5",
                        Place.OPEN,
                        thrower("public String getMessage() { return " + HUGE + "; }"),
                        "opened: example.open5.Provider$1Bad: xxxx"),
                row(
                        "open6",
                        Place.OPEN,
                        thrower("public String getMessage() { return \"a" + ESCAPES + "b\"; }"),
                        "opened: example.open6.Provider$1Bad: a\\u001b[2J\\u0007\\u202e b"),
                row(
                        "open7",
                        Place.OPEN,
                        thrower("public Throwable getCause() { return this; }"),
                        "opened: example.open7.Provider$1Bad"),
                row(
                        "open8",
                        Place.OPEN,
                        thrower(
                                "public String toString() { return null; }"
                                        + " public void printStackTrace(java.io.PrintWriter out) { throw new IllegalStateException(); }"),
                        "opened: example.open8.Provider$1Bad"),
                row(
                        "open9",
                        Place.OPEN,
                        thrower("public StackTraceElement[] getStackTrace() { return null; }"
                                + " public boolean equals(Object other) { throw new IllegalStateException(); }"),
                        "opened: example.open9.Provider$1Bad"),
                row(
                        "open10",
                        Place.OPEN,
                        thrower(
                                "public void printStackTrace(java.io.PrintWriter out) {"
                                        + " String line = \"\\u001b\".repeat(1_000_000); for (int i = 0; i < 100; i++) { out.println(line); } }"),
                        "opened: example.open10.Provider$1Bad"),
                row(
                        "open11",
                        Place.OPEN,
                        "if (rank() < 0) { sneak(new InterruptedException(\"sneaky\")); }",
                        "opened: java.lang.InterruptedException: sneaky"),
                row(
                        "text1",
                        Place.KERNEL,
                        "public String toString() { throw new IllegalStateException(\"no\"); }",
                        "opened: java.lang.IllegalStateException: no"),
                row(
                        "text2",
                        Place.KERNEL,
                        "public String toString() { return null; }",
                        "opened: java.lang.NullPointerException: the kernel's toString() returned null"),
                row(
                        "text3",
                        Place.KERNEL,
                        "public String toString() { return \"" + ESCAPES + "\".repeat(1_000_000); }",
                        USABLE),
                row(
                        "same1",
                        Place.KERNEL,
                        "public boolean equals(Object other) { throw new IllegalStateException(); }"
                                + " public int hashCode() { throw new IllegalStateException(); }"
                                + " public String toString() { return \"strange\"; }",
                        USABLE),
                row(
                        "call1",
                        Place.CALL,
                        "if (row == 0) { throw new IllegalStateException(\"no\"); }",
                        "self-test: java.lang.IllegalStateException: no"),
                row(
                        "call2",
                        Place.CALL,
                        "if (w.cols() > 8) { throw new StackOverflowError(); }",
                        "self-test: java.lang.StackOverflowError"),
                row("call3", Place.CALL, "if (w.cols() > 8) { return 3; }", "self-test: dequantize "));
    }

    private static HostilePlugin row(String name, Place place, String code, String why) {
        return new HostilePlugin(name, place, code, why);
    }

    private static String thrower(String members) {
        return "class Bad extends RuntimeException { " + members + " } if (rank() < 0) { throw new Bad(); }";
    }

    @BeforeAll
    static void select() throws IOException {
        for (HostilePlugin hostile : plugins().toList()) {
            hostile.plugin()
                    .replacing("public final class Provider", "public class Provider")
                    .replacing("    static class Plain", """
                                @SuppressWarnings("unchecked")
                                static <T extends Throwable> void sneak(Throwable thrown) throws T {
                                    throw (T) thrown;
                                }

                                static class Plain""")
                    .jar(plugins.resolve(hostile.name() + ".jar"));
        }
        List<KernelSource> sources = new ArrayList<>(List.of(KernelSource.of(new BuiltIn())));
        sources.addAll(PluginDirectory.open(plugins).refresh().sources());
        selection = KernelSelector.select(sources, CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
        byFile = selection.candidates().stream()
                .collect(Collectors.toMap(
                        candidate -> String.valueOf(Path.of(candidate.origin()).getFileName()), Function.identity()));
    }

    @ParameterizedTest
    @MethodSource("plugins")
    void itCostsThePluginItsPlaceAndNothingElse(HostilePlugin hostile) {
        Candidate candidate = Objects.requireNonNull(byFile.get(hostile.name() + ".jar"));
        assertThat(candidate.why()).startsWith(hostile.why());
        assertThat(candidate.kernel().isPresent()).isEqualTo(hostile.why().equals(USABLE));
        assertPrintable(candidate.name(), 150);
        assertPrintable(candidate.why(), 7000);
        assertThat(candidate.steps()).allSatisfy(step -> assertPrintable(step.detail(), 7000));
        assertThat(candidate.trace().orElse("")).hasSizeLessThan(130_000);
        assertPrintable(candidate.trace().orElse("").replace('\n', ' ').replace('\t', ' '), 130_000);
    }

    private static void assertPrintable(String text, int most) {
        assertThat(text.length()).isLessThanOrEqualTo(most);
        assertThat(text.equals(PrintableText.line(text, most)))
                .as(PrintableText.line(text))
                .isTrue();
    }

    @Test
    void theBuiltInKernelIsSelectedAndOneLineTellsOfTheOthers() {
        assertThat(selection.selected()).map(Candidate::name).contains("builtin");
        assertThat(selection.problem()).isEmpty();
        assertThat(selection.candidates()).hasSize((int) plugins().count() + 1);
        assertThat(selection.warnings())
                .singleElement()
                .satisfies(line -> assertPrintable(line, 9000))
                .asString()
                .matches("\\d+ plugins are not used: .* and more");
    }
}
