package io.qk256.tck;

import io.qk256.tck.WrongKernels.Wrong;
import io.qk256.tck.runner.OutsideKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The wrong kernels and the rules that catch them, as {@code WRONG-KERNELS.md} has them. */
record Matrix(List<Row> rows) {

    private static final Path FILE = Path.of("WRONG-KERNELS.md");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([a-z0-9-]+) \\| (\\d+) ([^|]+?) \\| ([\\d, ]+) \\|$");

    /** The classic mistakes of such kernels, and which of the wrong ones makes each. */
    private static final Map<String, List<String>> MISTAKES = mistakes();

    /**
     * A wrong kernel.
     *
     * @param name what it does
     * @param meant the rule that must catch it
     * @param catching all that do
     */
    record Row(String name, Rule meant, List<Rule> catching) {}

    private static Map<String, List<String>> mistakes() {
        Map<String, List<String>> all = new LinkedHashMap<>();
        all.put("order of the bits", List.of("most-significant-bits-first", "signed-byte-shifted-into-the-code"));
        all.put("order of the codebook", List.of("codes-in-another-order"));
        all.put("sign of the codebook", List.of("codebook-with-the-other-sign"));
        all.put("index of the block", List.of("first-block-again-and-again"));
        all.put("offset of the row", List.of("row-stride-ignored"));
        all.put("range of rows", List.of("first-row-is-always-row-0", "range-of-rows-ignored"));
        all.put("tail", List.of("tail-of-a-block-ignored", "tail-of-one-ignored"));
        all.put("padding read", List.of("padding-counted"));
        all.put("dirty output accumulated", List.of("dirty-result-added-to"));
        all.put("scale of the wrong block", List.of("scale-of-the-first-block-for-all"));
        all.put("scale forgotten", List.of("block-scales-forgotten"));
        all.put("16-bit overflow", List.of("sums-of-16-bits"));
        all.put("32-bit overflow of an index", List.of("offsets-of-32-bits"));
        all.put("NaN flattened", List.of("nan-taken-for-zero", "zero-weights-skipped"));
        all.put("subnormal numbers flushed", List.of("subnormals-flushed"));
        all.put("input written", List.of("input-changed"));
        all.put(
                "output past its end written",
                List.of("writes-past-the-end", "writes-back-a-native-byte-past-the-result"));
        all.put("codes past their end read", List.of("reads-a-native-byte-past-the-codes"));
        all.put("state kept between calls", List.of("result-kept-for-the-same-vector", "scratch-not-cleared"));
        all.put("not thread-safe", List.of("one-scratch-row-for-all-threads"));
        all.put("float drift beyond the bound", List.of("x-rounded-to-16-bits"));
        all.put("rounding of the dequantized product", List.of("value-rounded-before-the-tensor-scale"));
        all.put("zero rows", List.of("does-one-row-at-least"));
        all.put("accepts invalid input", List.of("accepts-invalid-arguments"));
        all.put("refuses valid input", List.of("odd-columns-refused", "heap-means-float-array"));
        all.put("claims features that it does not need", List.of("claims-features-that-it-does-not-need"));
        all.put("crashes", List.of("crashes", "crashes-on-opening"));
        all.put("hangs", List.of("hangs"));
        all.put("ends the JVM", List.of("exits", "halts"));
        return all;
    }

    static Rule rule(String text) {
        return Rules.all().stream()
                .filter(rule -> rule.toString().equals(text))
                .findFirst()
                .orElseThrow();
    }

    private static Rule rule(int number) {
        return Rules.all().get(number - 1);
    }

    static List<String> namesOfAll() {
        return Stream.concat(
                        WrongKernels.all().stream().map(Wrong::name),
                        outsideRows().stream().map(Row::name))
                .toList();
    }

    /** In JVMs of their own, against the rule meant for them alone. */
    static List<Row> outsideRows() {
        return Stream.concat(OutsideKernel.all().stream(), OutsideKernel.ofAnUncheckedSpi().stream())
                .map(kernel -> new Row(kernel.name(), rule(kernel.rule()), List.of(rule(kernel.rule()))))
                .toList();
    }

    static String file() throws IOException {
        return Files.readString(FILE);
    }

    static Matrix read() throws IOException {
        return new Matrix(ROW.matcher(file()).results().map(Matrix::row).toList());
    }

    private static Row row(MatchResult row) {
        List<Rule> catching = Arrays.stream(row.group(4).split(", "))
                .map(number -> rule(Integer.parseInt(number.strip())))
                .toList();
        return new Row(row.group(1), rule(Integer.parseInt(row.group(2))), catching);
    }

    List<String> names() {
        return rows.stream().map(Row::name).toList();
    }

    List<Rule> rulesOf(String name) {
        return rows.stream()
                .filter(row -> row.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        name + " is not in " + FILE + "; -Dqk256.tck.matrix=update writes it anew"))
                .catching();
    }

    void write() throws IOException {
        Files.writeString(FILE, text());
    }

    String text() {
        StringBuilder text = new StringBuilder("""
                # Wrong kernels, and the rules that catch them

                The kit's own tests: each of these kernels is right but for one mistake. The rule meant for the mistake catches it,
                and so do the others listed; no other rule does, but for the last %d kernels, which were tried in a JVM of their own
                against the rule meant for them alone. Written by `WrongKernelsTest`; see there.

                | classic mistake | made by |
                | --- | --- |
                """.formatted(outsideRows().size()));
        MISTAKES.forEach((mistake, kernels) -> {
            if (!names().containsAll(kernels)) {
                throw new IllegalStateException(mistake + ": no wrong kernels " + kernels);
            }
            text.append("| ")
                    .append(mistake)
                    .append(" | ")
                    .append(String.join(", ", kernels))
                    .append(" |\n");
        });
        text.append("""

                The last two never get to be wrong: `Kernel` checks arguments in final methods. They were tried with a `Kernel` whose
                checks were taken out.

                | wrong kernel | meant rule | caught by rules |
                | --- | --- | --- |
                """);
        for (Row row : rows) {
            String catching = row.catching().stream()
                    .map(rule -> Integer.toString(rule.number()))
                    .collect(Collectors.joining(", "));
            text.append("| %s | %d %s | %s |\n"
                    .formatted(row.name(), row.meant().number(), row.meant().words(), catching));
        }
        return text.toString();
    }
}
