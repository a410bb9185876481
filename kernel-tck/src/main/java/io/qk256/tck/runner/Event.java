package io.qk256.tck.runner;

import io.qk256.spi.support.PrintableText;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A line that the child JVM writes for its parent.
 *
 * @param kind what happened
 * @param fields the details
 */
record Event(Kind kind, List<String> fields) {

    enum Kind {
        /** The provider was found: module, module version, file, contract that it was built for. */
        PROVIDER,
        /** No provider has the name: the existing names. */
        UNKNOWN,
        /** This machine cannot run the kernel: the reason. */
        UNAVAILABLE,
        /** The kernel is being opened. */
        OPENING,
        /** The kernel was opened: what it says of itself. */
        OPENED,
        /** Why there are no guard pages; empty if there are. */
        GUARD_PAGES,
        /** A test that will run: method, display name. */
        PLANNED,
        /** A test starts: method. */
        STARTED,
        /** A test passed: method, nothing, microseconds. */
        PASSED,
        /** A test failed, or (without a method) something that all tests need: method, message, microseconds. */
        FAILED,
        /** A test was skipped: method, reason, microseconds. */
        SKIPPED,
        /** All planned tests are done. */
        DONE
    }

    private static final int MOST = 5000;

    static Event of(Kind kind, String... fields) {
        return new Event(kind, List.of(fields));
    }

    /** Parses a line. Its content may come from the kernel, so it is made safe to print. */
    static Event parse(String line) {
        List<String> parts = Arrays.stream(line.split("\t", -1))
                .map(part -> PrintableText.block(unescape(part), MOST))
                .toList();
        return new Event(Kind.valueOf(parts.getFirst()), parts.subList(1, parts.size()));
    }

    /** The event in one line. */
    String line() {
        return fields.stream().map(field -> "\t" + escape(field)).collect(Collectors.joining("", kind.name(), ""));
    }

    String field(int index) {
        return fields.get(index);
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\")
                .replace("\t", "\\t")
                .replace("\r", "\\r")
                .replace("\n", "\\n");
    }

    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                i++;
                c = switch (text.charAt(i)) {
                    case 't' -> '\t';
                    case 'r' -> '\r';
                    case 'n' -> '\n';
                    default -> text.charAt(i);
                };
            }
            plain.append(c);
        }
        return plain.toString();
    }
}
