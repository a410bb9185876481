package io.qk256.spi.plugin;

import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a probing JVM reports, written line by line as it goes, so that a crash leaves something to read. It is a file
 * because a kernel may print to the standard streams.
 *
 * @param file where it is written
 */
record ProbeReport(Path file) {

    /** The gate that the kernel is at. */
    static final String GATE = "gate";

    /** The kernel's name. */
    static final String NAME = "name";

    /** The kernel's rank. */
    static final String RANK = "rank";

    /** The outcome: {@link #USABLE} or {@link #REJECTED}. */
    static final String END = "end";

    /** The reason for the outcome. */
    static final String DETAIL = "detail";

    /** What the application can do about the outcome: {@link #ALLOW_NATIVE} or {@link #MORE_TIME}. */
    static final String REMEDY = "remedy";

    static final String ALLOW_NATIVE = "allow native";
    static final String MORE_TIME = "more time";

    /** The number of bytes that the kernel has printed to System.out and System.err. */
    static final String PRINTED = "printed";

    /** What the process does after the outcome: {@link #STREAMS}, then {@link #HOOKS}. */
    static final String PHASE = "phase";

    static final String STREAMS = "streams";
    static final String HOOKS = "hooks";

    static final String USABLE = "usable";
    static final String REJECTED = "rejected";

    private static final int MAX_LENGTH = 1500;

    void write(String key, String value) {
        String line = key + "=" + PrintableText.line(value, MAX_LENGTH);
        try {
            Files.writeString(
                    file, line + "\n", StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the last value of each key. */
    Map<String, String> read() {
        Map<String, String> values = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    values.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
        } catch (IOException e) {
            return values; // It did not get far enough to write, or was cut off in the middle of a character.
        }
        return values;
    }

    static Optional<Integer> rank(Map<String, String> values) {
        try {
            return Optional.ofNullable(values.get(RANK)).map(Integer::valueOf);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
