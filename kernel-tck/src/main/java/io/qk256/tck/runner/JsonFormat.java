package io.qk256.tck.runner;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** For programs; saved as {@code NAME.certificate.json} it is a certificate. */
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

    private static void putArtifact(Map<String, Object> root, Artifact artifact) {
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
        json.put("level", rule.rule().level().label());
        json.put("outcome", rule.outcome().label());
        json.put("tests", rule.tests().size());
        json.put("milliseconds", rule.millis());
        rule.message().ifPresent(message -> json.put("message", message));
        return json;
    }

    private static String json(Object value, String indent) {
        String inner = indent + "  ";
        return switch (value) {
            case Map<?, ?> map when !map.isEmpty() ->
                map.entrySet().stream()
                        .map(entry -> inner + quoted(entry.getKey().toString()) + ": " + json(entry.getValue(), inner))
                        .collect(Collectors.joining(",\n", "{\n", "\n" + indent + "}"));
            case Map<?, ?> empty -> "{}";
            case List<?> list ->
                list.stream()
                        .map(element -> inner + json(element, inner))
                        .collect(Collectors.joining(",\n", "[\n", "\n" + indent + "]"));
            case Number number -> number.toString();
            case Boolean truth -> truth.toString();
            default -> quoted(value.toString());
        };
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.chars().forEach(c -> {
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\t' -> json.append("\\t");
                default -> json.append(c < ' ' ? "\\u%04x".formatted(c) : Character.toString(c));
            }
        });
        return json.append('"').toString();
    }
}
