package io.qk256.tck.runner;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Says why a child JVM died, from its exit code, the JVM's error file and the black box. */
final class Death {

    private static final Pattern SIGNAL = Pattern.compile("(?m)^#\\s+(SIG\\w+|EXCEPTION_\\w+) ");
    private static final Pattern OTHER = Pattern.compile("(?m)^#\\s+((?:Internal Error|There is insufficient).*)$");
    private static final Pattern FRAME = Pattern.compile("(?m)^# Problematic frame:\\R# (.+)$");
    private static final Pattern ADDRESS = Pattern.compile("si_addr: (0x[0-9a-f]+)");

    /** A faulting address further away than this has nothing to do with an operand. */
    private static final long NEAR = 1 << 20;

    private static final int SIGNAL_BASE = 128;
    private static final Map<Integer, String> SIGNALS = Map.of(
            4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15, "SIGTERM", 31,
            "SIGSYS");

    /** The JVM handles these itself and reports a crash, unless its handlers were replaced. */
    private static final Set<String> HANDLED = Set.of("SIGILL", "SIGBUS", "SIGFPE", "SIGSEGV");

    private final String errorFile;
    private final List<String> blackBox;
    private final String lastWords;

    Death(Path errorFile, Path blackBox, String lastWords) throws IOException {
        this.lastWords = lastWords;
        this.errorFile = Files.exists(errorFile) ? Files.readString(errorFile) : "";
        String recorded = new String(Files.readAllBytes(blackBox), UTF_8);
        this.blackBox = recorded.substring(0, recorded.indexOf('\0')).lines().toList();
    }

    /** The child was killed in the middle of a test, for the given reason. */
    String ofHanging(String reason) {
        return reason + asked();
    }

    /** The child ended by itself in the middle of a test. */
    String ofExit(int code) {
        Optional<String> crash = find(SIGNAL, errorFile).or(() -> find(OTHER, errorFile));
        if (crash.isEmpty()) {
            return withoutReport(code) + words() + asked();
        }
        return "the JVM crashed: " + crash.get() + place()
                + find(FRAME, errorFile).map(at -> ", in " + at.strip()).orElse("") + ", expected a result" + asked();
    }

    private static String withoutReport(int code) {
        String signal = SIGNALS.getOrDefault(code - SIGNAL_BASE, "");
        if (signal.isEmpty()) {
            return "the JVM ended with exit code " + code
                    + " in the middle of the test, expected a result; a kernel must"
                    + " not call System.exit or halt, nor abort";
        }
        String ended = "the JVM was ended by " + signal + " (exit code " + code + ") in the middle of the test";
        if (HANDLED.contains(signal)) {
            return ended
                    + ", without the report that it writes of a crash, expected a result; a kernel must not replace the"
                    + " JVM's signal handlers, which the JVM itself needs";
        }
        return ended + ", expected a result"
                + (signal.equals("SIGKILL") ? "; the system may have run out of memory" : "; a kernel must not abort");
    }

    private String words() {
        return lastWords.isEmpty() ? "" : "; the last words of the JVM: '" + PrintableText.line(lastWords) + "'";
    }

    private String asked() {
        return blackBox.isEmpty() ? "" : "; the kernel was asked: " + blackBox.getFirst();
    }

    /** Where the accessed address lies relative to the nearest operand. */
    private String place() {
        Optional<Long> address = find(ADDRESS, errorFile).map(Long::decode);
        return address.flatMap(at -> operands()
                        .filter(operand -> operand.distance(at) < NEAR)
                        .min(Comparator.comparingLong(operand -> operand.distance(at)))
                        .map(operand -> operand.describe(at)))
                .or(() -> find(ADDRESS, errorFile).map(at -> " at address " + at))
                .orElse("");
    }

    private Stream<Operand> operands() {
        return blackBox.stream()
                .skip(1)
                .map(line -> line.split("\t"))
                .filter(fields -> fields.length == 3)
                .map(Operand::of);
    }

    private static Optional<String> find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private record Operand(String name, long from, long to) {

        static Operand of(String... fields) {
            return new Operand(fields[0], Long.parseLong(fields[1]), Long.parseLong(fields[2]));
        }

        long distance(long address) {
            return address < from ? from - address : Math.max(0, address - to);
        }

        String describe(long address) {
            String size = name + " (" + (to - from) + " bytes)";
            if (address < from) {
                return " on touching the byte " + (from - address) + " before the start of " + size;
            }
            return address < to
                    ? " on touching byte " + (address - from) + " of " + size
                    : " on touching the byte " + (address - to) + " past the end of " + size;
        }
    }
}
