package io.qk256.tck.runner;

import io.qk256.spi.support.PrintableText;
import io.qk256.tck.runner.TestResult.Outcome;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** For continuous integration: JUnit's XML with a test case for each test. */
final class XmlFormat {

    private XmlFormat() {}

    static String write(Report report) {
        List<TestResult> tests =
                report.rules().stream().flatMap(rule -> rule.tests().stream()).toList();
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.append(String.format(
                Locale.ROOT,
                "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%s\">%n",
                escape(report.provider()),
                tests.size(),
                count(tests, Outcome.FAILED),
                tests.isEmpty() ? 1 : 0,
                count(tests, Outcome.SKIPPED),
                seconds(report.millis() * 1000)));
        xml.append("  <properties>\n");
        properties(report)
                .forEach((name, value) -> xml.append(String.format(
                        Locale.ROOT, "    <property name=\"%s\" value=\"%s\"/>%n", escape(name), escape(value))));
        xml.append("  </properties>\n");
        tests.forEach(test -> append(xml, report, test));
        if (tests.isEmpty()) {
            xml.append(String.format(
                    Locale.ROOT,
                    "  <testcase classname=\"%s\" name=\"start\"><error message=\"%s\"/></testcase>%n",
                    escape(report.provider()),
                    escape(report.reason())));
        }
        return xml.append("</testsuite>\n").toString();
    }

    private static Map<String, String> properties(Report report) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("verdict", report.verdict().label());
        properties.put("reason", report.reason());
        report.artifact().ifPresent(artifact -> {
            properties.put("file", artifact.file());
            properties.put("sha256", artifact.sha256().orElse(""));
            properties.putAll(artifact.nativeLibraries());
            properties.put("builtForContract", artifact.contract());
        });
        report.description().ifPresent(description -> properties.put("kernel", description));
        properties.put("contract", Report.contract());
        properties.put("cpu", Host.cpu());
        properties.put("jdk", Host.jdk());
        properties.put("seed", Long.toString(report.seed()));
        properties.put("repeat", report.repeat());
        properties.put("date", report.date().toString());
        return properties;
    }

    private static void append(StringBuilder xml, Report report, TestResult test) {
        xml.append(String.format(
                Locale.ROOT,
                "  <testcase classname=\"%s\" name=\"%s\" time=\"%s\"",
                escape(report.provider()),
                escape(test.name()),
                seconds(test.micros())));
        String message = escape(test.message());
        switch (test.outcome()) {
            case PASSED -> xml.append("/>\n");
            case FAILED -> xml.append("><failure message=\"").append(message).append("\"/></testcase>\n");
            case SKIPPED -> xml.append("><skipped message=\"").append(message).append("\"/></testcase>\n");
        }
    }

    private static long count(List<TestResult> tests, Outcome outcome) {
        return tests.stream().filter(test -> test.outcome() == outcome).count();
    }

    private static String seconds(long micros) {
        return String.format(Locale.ROOT, "%.6f", micros / 1e6);
    }

    /** Characters that XML cannot represent are escaped as in Java: control characters, U+FFFE and U+FFFF. */
    private static String escape(String text) {
        String printable = PrintableText.block(text, Integer.MAX_VALUE); // XML has no escape for most controls.
        StringBuilder xml = new StringBuilder();
        printable.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> xml.append("&amp;");
                case '<' -> xml.append("&lt;");
                case '>' -> xml.append("&gt;");
                case '"' -> xml.append("&quot;");
                case '\n', '\t' -> xml.append("&#").append(c).append(';');
                case 0xFFFE, 0xFFFF -> xml.append(String.format(Locale.ROOT, "\\u%04x", c));
                default -> xml.appendCodePoint(c);
            }
        });
        return xml.toString();
    }
}
