package io.qk256.tck.runner;

import io.qk256.spi.support.PrintableText;
import io.qk256.tck.runner.TestResult.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** For people at a terminal. */
final class TableFormat {

    private static final String ROW = "%4s  %-28s  %-10s  %-7s  %5s  %6s%n";

    private TableFormat() {}

    static String write(Report report) {
        StringBuilder text = new StringBuilder();
        if (!report.rules().stream().allMatch(rule -> rule.tests().isEmpty())) {
            text.append(String.format(Locale.ROOT, ROW, "rule", "", "level", "outcome", "tests", "ms"));
            for (RuleResult rule : report.rules()) {
                text.append(String.format(
                        Locale.ROOT,
                        ROW,
                        rule.rule().number(),
                        rule.rule().words(),
                        rule.rule().standing(),
                        rule.outcome().label(),
                        rule.tests().size(),
                        rule.millis()));
            }
            text.append('\n');
        }
        report.rules().stream()
                .filter(rule -> rule.outcome() == Outcome.FAILED)
                .flatMap(rule -> rule.tests().stream())
                .filter(test -> test.outcome() == Outcome.FAILED)
                .forEach(test -> text.append(test.message()).append("\n\n"));
        causes(report)
                .forEach((cause, rules) -> text.append(rules.size() == 1 ? "rule " : "rules ")
                        .append(String.join(", ", rules))
                        .append(" ")
                        .append(cause)
                        .append("\n\n"));
        report.artifact().ifPresent(artifact -> append(text, artifact));
        report.description().ifPresent(description -> append(text, "kernel", description));
        append(text, "contract", Report.contract());
        append(text, "CPU", Host.cpu());
        append(text, "JVM", Host.jdk());
        append(text, "memory", guardPages(report));
        append(text, "repeat", report.repeat());
        String seconds = String.format(Locale.ROOT, "%.1f s", report.millis() / 1000.0);
        text.append(String.format(
                Locale.ROOT,
                "%n%s: %s: %s, in %s%n",
                report.provider(),
                report.verdict().label().toUpperCase(Locale.ROOT),
                report.reason(),
                seconds));
        return PrintableText.block(text.toString(), Integer.MAX_VALUE);
    }

    /** Why rules did not run, and which ones; empty if the machine is the reason, which the last line says. */
    private static Map<String, List<String>> causes(Report report) {
        Map<String, List<String>> causes = new LinkedHashMap<>();
        if (report.verdict() != Report.Verdict.CANNOT_RUN) {
            report.rules().stream()
                    .filter(rule ->
                            rule.outcome() == Outcome.SKIPPED && !rule.tests().isEmpty())
                    .forEach(rule -> causes.computeIfAbsent(rule.message().orElse(""), cause -> new ArrayList<>())
                            .add(Integer.toString(rule.rule().number())));
        }
        return causes;
    }

    static String guardPages(Report report) {
        return report.guardPages().isEmpty()
                ? "guard pages beside off-heap operands, watched bytes around those on the heap"
                : "watched bytes around operands, no guard pages: " + report.guardPages();
    }

    private static void append(StringBuilder text, TestedArtifact artifact) {
        append(text, "file", artifact.file());
        append(text, "SHA-256", artifact.sha256().orElse("none: it is a directory, and cannot be certified"));
        artifact.nativeLibraries().forEach((name, hash) -> append(text, "library", name + " " + hash));
        append(text, "built for", "contract " + artifact.contract());
    }

    private static void append(StringBuilder text, String name, String value) {
        text.append(String.format(Locale.ROOT, "%-10s%s%n", name, value));
    }
}
