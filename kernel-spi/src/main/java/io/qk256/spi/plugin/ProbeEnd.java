package io.qk256.spi.plugin;

import io.qk256.spi.plugin.ProbeProcess.End;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.support.PrintableText;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Describes how a probing JVM ended, if it did not end as it should. */
final class ProbeEnd {

    /** HotSpot's exit code for -XX:+ExitOnOutOfMemoryError. */
    private static final int OUT_OF_MEMORY = 3;

    private static final int SIGNAL = 128;

    /** HUP, INT, BUS (a full disk below mapped memory), KILL, TERM: other processes send these, too. */
    private static final Set<Integer> MOMENTARY = Set.of(1, 2, 7, 9, 15);

    private static final int MAX_PRINTED = 100;
    private static final Map<Integer, String> SIGNALS = Map.of(
            4, "SIGILL", 5, "SIGTRAP", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15,
            "SIGTERM", 31, "SIGSYS");
    private static final Map<String, String> MEANINGS = Map.of(
            "SIGSEGV", "it accesses memory that it does not own",
            "EXCEPTION_ACCESS_VIOLATION", "it accesses memory that it does not own",
            "SIGBUS", "it accesses memory that does not exist",
            "SIGILL", "it uses an instruction that this CPU lacks",
            "EXCEPTION_ILLEGAL_INSTRUCTION", "it uses an instruction that this CPU lacks",
            "SIGFPE", "it divides an integer by zero",
            "SIGKILL", "the system may have run out of memory");
    private static final Pattern CRASH = Pattern.compile("(?m)^#\\s+((?:SIG|EXCEPTION_)[A-Z0-9_]+)\\b");
    private static final Pattern FRAME = Pattern.compile("(?m)^# Problematic frame:\\R#\\s+(.+)$");

    private ProbeEnd() {}

    /** Whether it completed its report and then ended by itself, normally and without output. */
    static boolean isSound(End end, Map<String, String> report) {
        return report.containsKey(ProbeReport.END)
                && (ProbeReport.REJECTED.equals(report.get(ProbeReport.END))
                        || (end.exceeded().isEmpty()
                                && end.exit() == 0
                                && end.printed().isEmpty()));
    }

    /** Whether it would probably end the same way again; otherwise the cause may be temporary, or another process. */
    static boolean isLasting(End end) {
        return end.exceeded().map(limit -> limit == ProbeProcess.Limit.OUTPUT).orElse(true)
                && end.exit() != OUT_OF_MEMORY
                && !MOMENTARY.contains(end.exit() - SIGNAL);
    }

    static String describe(End end, Map<String, String> report, Duration timeLimit) {
        String where = where(report);
        if (end.crash().isPresent()) {
            return "crashed" + where + crash(end.crash().get());
        }
        if (end.exceeded().isPresent()) {
            return switch (end.exceeded().get()) {
                case TIME -> "did not end" + where + " within " + timeLimit.toMillis() / 1000.0 + " s; it was stopped";
                case MEMORY ->
                    "used more than " + ProbeProcess.RESIDENT_MIB + " MiB of memory" + where + "; it was stopped";
                case OUTPUT ->
                    "printed more than " + ProbeProcess.PRINTED_MIB + " MiB" + where
                            + "; it was stopped; a kernel must not print";
            };
        }
        int exit = end.exit();
        if (exit == OUT_OF_MEMORY && end.output().contains("OutOfMemoryError")) {
            return "ran out of memory" + where + "; a probe may use " + ProbeCommand.MEMORY_MIB + " MiB";
        }
        if (exit > SIGNAL) {
            String signal = Optional.ofNullable(SIGNALS.get(exit - SIGNAL)).orElse("signal " + (exit - SIGNAL));
            return "crashed" + where + " with " + signal + meaning(signal);
        }
        if (!report.containsKey(ProbeReport.END) || exit != 0) {
            return "ended the JVM" + where + " with exit code " + exit;
        }
        return "writes to standard output past System.out, '" + PrintableText.line(end.printed(), MAX_PRINTED)
                + "'; standard output belongs to the application, and a kernel must not print";
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
        String phase = report.getOrDefault(ProbeReport.PHASE, "");
        if (phase.equals(ProbeReport.STREAMS)) {
            return " while it holds the monitor of System.out or System.err";
        }
        if (phase.equals(ProbeReport.HOOKS)) {
            return " when the process was to end (shutdown hooks)";
        }
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
