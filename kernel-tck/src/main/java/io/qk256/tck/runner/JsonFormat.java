package io.qk256.tck.runner;

import io.qk256.spi.support.PrintableText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** For programs. Saved as {@code NAME.certificate.json}, it is a certificate. */
final class JsonFormat {

    private JsonFormat() {}

    static String write(Report report) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("format", "qk256-tck-report");
        root.put("formatVersion", 1);
        root.put("provider", report.provider());
        root.put("verdict", report.verdict().label());
        root.put("reason", report.reason());
        report.artifact().ifPresent(artifact -> putArtifact(root, artifact));
        report.description().ifPresent(description -> root.put("kernel", description));
        root.put("complete", report.complete());
        root.put("contract", Report.contract());
        root.put("cpu", Host.cpu());
        root.put("jdk", Host.jdk());
        root.put("system", Host.system());
        root.put("guardPages", report.guardPages().isEmpty());
        root.put("seed", report.seed());
        root.put("repeat", report.repeat());
        root.put("date", report.date().toString());
        root.put("milliseconds", report.millis());
        root.put("rules", report.rules().stream().map(JsonFormat::rule).toList());
        return json(root, "") + "\n";
    }

    private static void putArtifact(Map<String, Object> root, TestedArtifact artifact) {
        root.put("module", artifact.module());
        root.put("moduleVersion", artifact.version());
        root.put("file", artifact.file());
        root.put("builtForContract", artifact.contract());
        artifact.sha256().ifPresent(hash -> root.put("sha256", hash));
        root.put("nativeLibraries", artifact.nativeLibraries());
    }

    private static Map<String, Object> rule(RuleResult rule) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("number", rule.rule().number());
        json.put("words", rule.rule().words());
        json.put("level", rule.rule().level().name());
        json.put("core", rule.rule().isCore());
        json.put("outcome", rule.outcome().label());
        json.put("tests", rule.tests().size());
        json.put("milliseconds", rule.millis());
        rule.message().ifPresent(message -> json.put("message", message));
        return json;
    }

    private static String json(Object value, String indent) {
        if (value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        String inner = indent + "  ";
        if (value instanceof Map<?, ?> map) {
            return lines(
                    map.entrySet().stream()
                            .map(entry -> quoted(entry.getKey().toString()) + ": " + json(entry.getValue(), inner)),
                    "{",
                    "}",
                    indent);
        }
        if (value instanceof List<?> list) {
            return lines(list.stream().map(element -> json(element, inner)), "[", "]", indent);
        }
        return quoted(value.toString());
    }

    private static String lines(Stream<String> elements, String open, String close, String indent) {
        String inside = elements.map(element -> "\n" + indent + "  " + element).collect(Collectors.joining(","));
        return open + inside + (inside.isEmpty() ? "" : "\n" + indent) + close;
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\t' -> json.append("\\t");
                default ->
                    json.append(
                            PrintableText.isPrintable(c) || Character.isSurrogate((char) c)
                                    ? Character.toString(c)
                                    : String.format(Locale.ROOT, "\\u%04x", c));
            }
        });
        return json.append('"').toString();
    }
}
