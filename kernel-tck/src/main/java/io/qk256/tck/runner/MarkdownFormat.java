package io.qk256.tck.runner;

import io.qk256.spi.support.PrintableText;
import java.util.Locale;

/** For web pages and documents. */
final class MarkdownFormat {

    private MarkdownFormat() {}

    static String write(Report report) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "# %s: %s%n%n%s.%n%n",
                report.provider(),
                report.verdict().label(),
                escape(report.reason())));
        text.append("| | |\n| --- | --- |\n");
        report.artifact().ifPresent(artifact -> {
            row(text, "file", artifact.file());
            row(text, "module", artifact.module() + " " + artifact.version());
            row(text, "SHA-256", artifact.sha256().orElse("none: a directory"));
            artifact.nativeLibraries().forEach((name, hash) -> row(text, name, hash));
            row(text, "built for contract", artifact.contract());
        });
        report.description().ifPresent(description -> row(text, "kernel", description));
        row(text, "tested by contract", Report.contract());
        row(text, "CPU", Host.cpu());
        row(text, "JVM", Host.jdk());
        row(text, "system", Host.system());
        row(text, "memory", TableFormat.guardPages(report));
        row(text, "seed", Long.toString(report.seed()));
        row(text, "repeat", "`" + report.repeat() + "`");
        row(text, "date", report.date().toString());
        text.append("\n| rule | | level | outcome | tests | ms | |\n| ---: | --- | --- | --- | ---: | ---: | --- |\n");
        for (RuleResult rule : report.rules()) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %d | %s | %s | %s | %d | %d | %s |%n",
                    rule.rule().number(),
                    rule.rule().words(),
                    rule.rule().standing(),
                    rule.outcome().label(),
                    rule.tests().size(),
                    rule.millis(),
                    escape(rule.message().orElse(""))));
        }
        return text.toString();
    }

    private static void row(StringBuilder text, String name, String value) {
        text.append("| ").append(name).append(" | ").append(escape(value)).append(" |\n");
    }

    private static String escape(String text) {
        return PrintableText.line(text.replace("\n", " "), Integer.MAX_VALUE).replace("|", "\\|");
    }
}
