package io.qk256.tck;

import io.qk256.tck.runner.OutsideKernel;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The wrong kernels and the rules meant for them, as {@code WRONG-KERNELS.md} lists them. */
final class Matrix {

    static final Path FILE = Path.of("WRONG-KERNELS.md");

    /** The classic mistakes in such kernels, and the wrong kernels that make them. */
    private static final Map<String, List<String>> MISTAKES = mistakes();

    /**
     * A wrong kernel.
     *
     * @param name what it does
     * @param meant the rule that must catch it
     */
    private record Row(String name, Rule meant) {}

    private Matrix() {}

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
        all.put("codebook guessed", List.of("ternary-by-three-values", "qk256-by-its-ends", "arithmetic-by-two-steps"));
        all.put(
                "codebook taken apart",
                List.of("step-and-offset-of-the-codebook", "step-and-offset-where-that-is-finite"));
        all.put("a 0 taken for nothing to do", List.of("integer-block-of-sum-0-skipped", "blocks-of-scale-0-skipped"));
        all.put("a scale of 1 taken for no scale", List.of("first-block-scale-1-means-none"));
        all.put("a counter overflows", List.of("columns-counted-in-16-bits", "scale-of-the-column-in-5-bits"));
        all.put("another order of sums in other sizes", List.of("another-order-from-1000-rows-on"));
        all.put("less than f32 in wide rows", List.of("x-of-8-bits-from-512-columns-on"));
        all.put(
                "size of memory taken for a shape",
                List.of(
                        "row-stride-from-the-size-of-memory",
                        "row-as-long-as-x",
                        "rows-of-a-batch-by-the-length-of-y"));
        all.put(
                "what others own written back",
                List.of("rows-written-back-in-aligned-eights", "x-scaled-in-place-and-back"));
        all.put("weights kept after they changed", List.of("decoded-weights-kept-for-the-same-matrix"));
        all.put("crashes", List.of("crashes", "crashes-on-opening"));
        all.put("hangs", List.of("hangs"));
        all.put("ends the JVM", List.of("exits", "halts"));
        all.put(
                "floating-point environment spoiled",
                List.of("leaves-rounding-up", "leaves-denormals-are-zero", "leaves-division-by-zero-unmasked"));
        all.put("prints", List.of("prints-at-each-call", "prints-by-native-code"));
        all.put(
                "leaks",
                List.of(
                        "keeps-a-thread-for-each-call",
                        "keeps-a-file-open-for-each-call",
                        "keeps-64-bytes-of-native-memory"));
        all.put("answers that change", List.of("name-that-changes", "description-counts"));
        return all;
    }

    static Rule rule(String text) {
        return Rules.all().stream()
                .filter(rule -> rule.toString().equals(text))
                .findFirst()
                .orElseThrow();
    }

    private static List<Row> rows() {
        Stream<Row> here = WrongKernels.all().stream().map(wrong -> new Row(wrong.name(), rule(wrong.rule())));
        Stream<Row> outside = Stream.concat(OutsideKernel.all().stream(), OutsideKernel.ofAnUncheckedSpi().stream())
                .map(kernel -> new Row(kernel.name(), rule(kernel.rule())));
        return Stream.concat(here, outside)
                .sorted(Comparator.comparingInt(row -> row.meant().number()))
                .toList();
    }

    /** What the file must say. */
    static String text() {
        List<Row> rows = rows();
        List<String> names = rows.stream().map(Row::name).toList();
        StringBuilder text = new StringBuilder("""
                # Wrong kernels, and the rules that catch them

                The kit's own tests: %d kernels, each right but for one mistake. The rule meant for the mistake catches it in every
                build; other rules may catch it too. Written by `WrongKernelsTest`; see there.

                | classic mistake | made by |
                | --- | --- |
                """.formatted(rows.size()));
        MISTAKES.forEach((mistake, kernels) -> {
            if (!names.containsAll(kernels)) {
                throw new IllegalStateException(mistake + ": no wrong kernels " + kernels);
            }
            text.append("| ")
                    .append(mistake)
                    .append(" | ")
                    .append(String.join(", ", kernels))
                    .append(" |\n");
        });
        text.append("""

                `does-one-row-at-least` and `accepts-invalid-arguments` never get to be wrong, since `Kernel` checks arguments in
                final methods. They were tried with a `Kernel` whose checks were taken out.

                | rule | wrong kernels |
                | --- | --- |
                """);
        for (Rule rule : Rules.all()) {
            String caught = rows.stream()
                    .filter(row -> row.meant().equals(rule))
                    .map(Row::name)
                    .collect(Collectors.joining(", "));
            text.append("| %d %s | %s |\n".formatted(rule.number(), rule.words(), caught));
        }
        return text.toString();
    }
}
