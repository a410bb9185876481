package io.qk256.tck.runner;

import io.qk256.tck.Rules;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/**
 * A wrong kernel that only a separate JVM survives, or that needs its own module: {@code Provider.java.txt} with
 * a line replaced.
 *
 * @param name what it does
 * @param rule the rule that must catch it
 * @param seen the text that is replaced
 * @param replacement the replacement that makes it wrong
 * @param says words of the message that tell its author what to look for
 */
public record OutsideKernel(String name, String rule, String seen, String replacement, String says) {

    private static final String MISCHIEF = "// MISCHIEF";
    private static final Pattern CALL_OF_C = Pattern.compile("\\bc\\(\"");
    private static final Pattern WAY_TO_C =
            Pattern.compile("(?s) *\\Q/** Calls a function of the C library\\E.*?(?= *\\Q/** Reads a byte\\E)");
    private static final String EXIT = "expected a result; a kernel must not call System.exit";

    /** All of them are wrong! */
    public static List<OutsideKernel> all() {
        return List.of(
                mischief(
                        "crashes",
                        Rules.MANY_ROWS,
                        "if (w.rows() == 8) { MemorySegment.ofAddress(8).reinterpret(1).fill((byte) 1); }",
                        "the JVM crashed: SIGSEGV"),
                mischief(
                        "hangs",
                        Rules.ONE_WEIGHT_MORE,
                        "while (w.cols() == 513) { Thread.onSpinWait(); }",
                        "expected a result; a kernel must return; the kernel was asked:"),
                mischief("exits", Rules.MANY_ROWS, "if (w.rows() == 8) { System.exit(0); }", EXIT),
                mischief("halts", Rules.MANY_ROWS, "if (w.rows() == 8) { Runtime.getRuntime().halt(7); }", EXIT),
                mischief(
                        "reads-a-native-byte-past-the-codes",
                        Rules.READS_INSIDE,
                        "touch(w.codes(), w.codes().byteSize(), false);",
                        "on touching the byte 0 past the end of codes"),
                mischief(
                        "reads-a-native-byte-past-x",
                        Rules.READS_INSIDE,
                        "touch(x, x.byteSize() + 3, false);",
                        "on touching the byte 3 past the end of "),
                mischief(
                        "reads-a-native-byte-before-x",
                        Rules.READS_INSIDE,
                        "touch(x, -1, false);",
                        "on touching the byte 1 before the start of "),
                mischief(
                        "writes-back-a-native-byte-past-the-result",
                        Rules.WRITES_INSIDE,
                        "touch(result, result.byteSize(), true);",
                        "on touching the byte 0 past the end of result"),
                mischief(
                        "prints-by-native-code",
                        Rules.PRINTS_NOTHING,
                        "c(\"write\", 1L, Arena.ofAuto().allocateFrom(\"native\\u001b\"), 7L);",
                        "beginning with 'native\\u001b"),
                mischief(
                        "prints-into-a-buffer-of-the-c-library",
                        Rules.PRINTS_NOTHING,
                        "c(\"puts\", Arena.ofAuto().allocateFrom(\"from C\"));",
                        "beginning with 'from C"),
                mischief(
                        "prints-hundreds-of-megabytes",
                        Rules.PRINTS_NOTHING,
                        "if (w.rows() == 17 && sink == 0) { sink = 1; MemorySegment m = Arena.ofAuto().allocate(1 << 20);"
                                + " for (int i = 0; i < 256; i++) { c(\"write\", 2L, m.fill((byte) 'x'), 1L << 20); } }",
                        "bytes printed during rule 39 prints nothing, beginning with 'xxxxxxxx"),
                mischief(
                        "takes-the-signal-handlers-of-the-jvm",
                        Rules.MANY_ROWS,
                        "if (w.rows() == 8) { c(\"signal\", 11L, MemorySegment.NULL);"
                                + " MemorySegment.ofAddress(8).reinterpret(1).fill((byte) 1); }",
                        "the JVM was ended by SIGSEGV (exit code 139) in the middle of the test, without the report"),
                mischief(
                        "aborts-with-last-words",
                        Rules.MANY_ROWS,
                        "if (w.rows() == 8) { System.err.print(\"corrupt\\u001b list\"); Runtime.getRuntime().halt(134); }",
                        "the JVM was ended by SIGABRT (exit code 134) in the middle of the test, expected a result; a kernel"
                                + " must not abort; the last words of the JVM: '"),
                new OutsideKernel(
                        "writes-back-the-native-row-beside-its-own",
                        Rules.OTHERS_ROWS,
                        "y.set(row, sum);",
                        "y.set(row, sum);" + " if ((row ^ 1) < w.rows()) { touch(y.segment(), 4L * (row ^ 1), true); }",
                        " of result"),
                mischief(
                        "writes-back-a-native-input",
                        Rules.INPUTS_UNCHANGED,
                        "touch(x, 0, !x.isReadOnly());",
                        "on touching byte 0 of "),
                new OutsideKernel(
                        "crashes-on-opening",
                        Rules.DETECTION,
                        "// OPENING",
                        "MemorySegment.ofAddress(8).reinterpret(1).fill((byte) 1);",
                        "while the kernel was opened: the JVM crashed: SIGSEGV"),
                new OutsideKernel(
                        "claims-features-that-it-does-not-need",
                        Rules.NEEDLESS_CLAIMS,
                        "return Requirements.NONE;",
                        "boolean x86 = System.getProperty(\"os.arch\").equals(\"amd64\");"
                                + " return new Requirements(Set.of(x86 ? CpuFeature.AVX : CpuFeature.ASIMD), Set.of());",
                        "expected a claim only for what the kernel uses"),
                new OutsideKernel(
                        "does-not-say-what-it-is",
                        Rules.SELF_DESCRIPTION,
                        "return \"plain Java from outside\";",
                        "return super.toString();",
                        "override it"));
    }

    /** Kernels that seem right as long as {@code Kernel} checks arguments, and are wrong if it does not. */
    public static List<OutsideKernel> ofAnUncheckedSpi() {
        return List.of(
                new OutsideKernel(
                        "does-one-row-at-least",
                        Rules.EMPTY,
                        "for (int row = fromRow; row < toRow; row++) {",
                        "for (int row = fromRow; row == fromRow || row < toRow; row++) {",
                        "expected"),
                mischief("accepts-invalid-arguments", Rules.INVALID, "", "expected an IllegalArgumentException"));
    }

    private static OutsideKernel mischief(String name, String rule, String line, String says) {
        return new OutsideKernel(name, rule, MISCHIEF, line, says);
    }

    /** The correct kernel that the others are derived from. */
    static OutsideKernel right() {
        return mischief("right", Rules.ONE_BLOCK, "", "");
    }

    /** Compiles its module into a directory for a module path. */
    Path compile(Path parent) throws IOException {
        Path sources = Files.createDirectories(parent.resolve(name + "-src"));
        Path classes = parent.resolve(name);
        Path descriptor = Files.writeString(sources.resolve("module-info.java"), """
                module outside {
                    requires io.qk256.spi;

                    provides io.qk256.spi.KernelProvider with outside.Provider;
                }
                """);
        Path provider = Files.writeString(sources.resolve("Provider.java"), source());
        StringWriter messages = new StringWriter();
        PrintWriter printer = new PrintWriter(messages);
        int exit = ToolProvider.findFirst("javac")
                .orElseThrow()
                .run(
                        printer,
                        printer,
                        "-proc:none",
                        "-p",
                        System.getProperty("jdk.module.path"),
                        "-d",
                        classes.toString(),
                        descriptor.toString(),
                        provider.toString());
        if (exit != 0) {
            throw new IllegalStateException("javac: " + messages);
        }
        return classes;
    }

    private String source() throws IOException {
        try (InputStream template =
                Objects.requireNonNull(OutsideKernel.class.getResourceAsStream("Provider.java.txt"))) {
            String text = new String(template.readAllBytes(), StandardCharsets.UTF_8);
            if (!text.contains(seen)) {
                throw new IllegalStateException("the provider's text has no: " + seen);
            }
            // Only kernels that call C contain code that could use CPU features.
            return CALL_OF_C.matcher(replacement).find()
                    ? text.replace(seen, replacement)
                    : WAY_TO_C.matcher(text.replace(seen, replacement)).replaceFirst("");
        }
    }

    @Override
    public String toString() {
        return name + " breaks " + rule;
    }
}
