package io.qk256.spi.plugin;

import io.qk256.spi.plugin.ProbeProcess.End;
import io.qk256.spi.selection.Gate;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Puts into words how a probing JVM ended that did not come to the end of its report. */
final class ProbeEnd {

    /** HotSpot's code for -XX:+ExitOnOutOfMemoryError. */
    private static final int OUT_OF_MEMORY = 3;

    private static final int SIGNAL = 128;
    private static final Map<Integer, String> SIGNALS = Map.of(
            4, "SIGILL", 5, "SIGTRAP", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15,
            "SIGTERM", 31, "SIGSYS");
    private static final Map<String, String> MEANINGS = Map.of(
            "SIGSEGV", "it accesses memory that is not its own",
            "EXCEPTION_ACCESS_VIOLATION", "it accesses memory that is not its own",
            "SIGBUS", "it accesses memory that is not there",
            "SIGILL", "it uses an instruction that this CPU lacks",
            "EXCEPTION_ILLEGAL_INSTRUCTION", "it uses an instruction that this CPU lacks",
            "SIGFPE", "it divides an integer by zero",
            "SIGKILL", "perhaps the system was out of memory");
    private static final Pattern CRASH = Pattern.compile("(?m)^#\\s+((?:SIG|EXCEPTION_)[A-Z0-9_]+)\\b");
    private static final Pattern FRAME = Pattern.compile("(?m)^# Problematic frame:\\R#\\s+(.+)$");

    private ProbeEnd() {}

    static String describe(End end, Map<String, String> report, Duration timeLimit) {
        String where = where(report);
        if (end.crash().isPresent()) {
            return "crashed" + where + crash(end.crash().get());
        }
        if (end.exceeded().isPresent()) {
            return switch (end.exceeded().get()) {
                case TIME ->
                    "no end" + where + " within " + timeLimit.toMillis() / 1000.0
                            + " s; it was stopped; --probe-seconds gives it more time";
                case MEMORY ->
                    "used more than " + ProbeProcess.RESIDENT_MIB + " MiB of memory" + where + "; it was stopped";
            };
        }
        int exit = end.exit();
        if (exit == OUT_OF_MEMORY && end.output().contains("OutOfMemoryError")) {
            return "ran out of memory" + where + "; a probe may use " + ProbeProcess.MEMORY_MIB + " MiB";
        }
        if (exit > SIGNAL) {
            String signal = Optional.ofNullable(SIGNALS.get(exit - SIGNAL)).orElse("signal " + (exit - SIGNAL));
            return "crashed" + where + " with " + signal + meaning(signal);
        }
        return "ended the JVM" + where + " with exit code " + exit;
    }

    private static String crash(String log) {
        Matcher signal = CRASH.matcher(log);
        Matcher frame = FRAME.matcher(log);
        String name = signal.find() ? signal.group(1) : "an internal error of the JVM";
        return " with " + name + (frame.find() ? " in " + frame.group(1).strip() : "") + meaning(name);
    }

    private static String meaning(String signal) {
        return Optional.ofNullable(MEANINGS.get(signal))
                .map(text -> ": " + text)
                .orElse("");
    }

    private static String where(Map<String, String> report) {
        String gate = report.getOrDefault(ProbeReport.GATE, "");
        if (gate.equals(Gate.FOUND.name())) {
            return " in its constructor or when asked for its name";
        }
        if (gate.equals(Gate.OPENED.name())) {
            return " in open()";
        }
        return gate.equals(Gate.SELF_TEST.name()) ? " in the self-test" : " before it was opened";
    }
}
