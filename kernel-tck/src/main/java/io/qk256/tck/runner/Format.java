package io.qk256.tck.runner;

import io.qk256.spi.support.UserError;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The formats of reports. */
enum Format {
    TABLE,
    JSON,
    /** JUnit's. */
    XML,
    MD;

    String write(Report report) {
        return switch (this) {
            case TABLE -> TableFormat.write(report);
            case JSON -> JsonFormat.write(report);
            case XML -> XmlFormat.write(report);
            case MD -> MarkdownFormat.write(report);
        };
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Format named(String name) {
        return Arrays.stream(values())
                .filter(format -> format.label().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserError("format: '" + name + "', expected one of "
                        + Arrays.stream(values()).map(Format::label).collect(Collectors.joining(", "))));
    }

    /** The format for a file name's extension. */
    static Format ofFile(String name) {
        return Arrays.stream(values())
                .filter(format -> format != TABLE && name.endsWith("." + format.label()))
                .findFirst()
                .orElseThrow(
                        () -> new UserError("file: '" + name + "', expected a name that ends in .json, .xml or .md"));
    }
}
