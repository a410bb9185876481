package io.qk256.spi.plugin;

import io.qk256.spi.support.ForeignStreams;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TimeZone;
import java.util.stream.Collectors;

/**
 * The process-wide state that all modules share, as seen by the calling thread. A kernel must change none of it,
 * because the change would affect the application and other kernels.
 */
final class Footprint {

    private static final Path STATUS = Path.of("/proc/self/status");

    private static final List<String> STREAMS = List.of("in", "out", "err");

    private final Map<String, String> settings = new LinkedHashMap<>();
    private final List<Optional<Object>> streams =
            List.of(Optional.ofNullable(System.in), Optional.ofNullable(System.out), Optional.ofNullable(System.err));
    private final Optional<Thread.UncaughtExceptionHandler> handler =
            Optional.ofNullable(Thread.getDefaultUncaughtExceptionHandler());
    private final Optional<ClassLoader> loader =
            Optional.ofNullable(Thread.currentThread().getContextClassLoader());
    private final Map<String, String> properties;
    private final Set<Thread> threads = lastingThreads();

    private Footprint() {
        settings.put("the time zone", TimeZone.getDefault().getID()); // Before the properties: this sets one of them.
        properties = properties();
        settings.put("the default locale", Locale.getDefault().toLanguageTag());
        settings.put(
                "the locale of texts",
                Locale.getDefault(Locale.Category.DISPLAY).toLanguageTag());
        settings.put(
                "the locale of formats",
                Locale.getDefault(Locale.Category.FORMAT).toLanguageTag());
        settings.put(
                "the thread's priority", String.valueOf(Thread.currentThread().getPriority()));
        for (String descriptor : new String[] {"0", "1", "2"}) {
            settings.put("file descriptor " + descriptor, link(Path.of("/proc/self/fd", descriptor)));
        }
        settings.put("the handlers of signals", signals());
        settings.put("how float arithmetic rounds", rounding());
    }

    /** Returns the current state. */
    static Footprint take() {
        return new Footprint();
    }

    /** Describes the first thing that a kernel has changed since. */
    Optional<String> change(ForeignStreams foreign) {
        if (Thread.interrupted()) {
            return Optional.of("it leaves the calling thread interrupted");
        }
        Footprint now = take();
        if (foreign.closed()) {
            return Optional.of("it closes System.out or System.err");
        }
        for (int i = 0; i < streams.size(); i++) {
            if (!streams.get(i).equals(now.streams.get(i))) {
                return Optional.of("it replaces System." + STREAMS.get(i));
            }
        }
        if (!now.handler.equals(handler)) {
            return Optional.of("it sets the default handler of uncaught exceptions");
        }
        if (!now.loader.equals(loader)) {
            return Optional.of("it changes the context class loader of the calling thread");
        }
        return changed(settings, now.settings, "it changes ")
                .or(() -> changed(properties, withoutOwnOf(now.properties), "it changes the system property "))
                .or(() -> lasting(now));
    }

    private static Optional<String> changed(Map<String, String> before, Map<String, String> after, String words) {
        for (Map.Entry<String, String> entry : after.entrySet()) {
            String old = before.getOrDefault(entry.getKey(), "");
            if (!old.equals(entry.getValue())) {
                return Optional.of(words + entry.getKey() + " from '" + old + "' to '" + entry.getValue() + "'");
            }
        }
        return before.keySet().stream()
                .filter(key -> !after.containsKey(key))
                .findFirst()
                .map(key -> words + key + " from '" + before.get(key) + "' to nothing");
    }

    private Optional<String> lasting(Footprint now) {
        return now.threads.stream()
                .filter(thread -> !threads.contains(thread))
                .findFirst()
                .map(thread -> "it leaves thread '" + thread.getName()
                        + "' running, which is not a daemon, so a program would not end");
    }

    private static Map<String, String> properties() {
        Map<String, String> properties = new HashMap<>();
        for (String name : System.getProperties().stringPropertyNames()) {
            properties.put(name, System.getProperty(name, ""));
        }
        return properties;
    }

    /** Ignores new properties, which a library may set, unless they affect this project or the platform. */
    private Map<String, String> withoutOwnOf(Map<String, String> later) {
        Map<String, String> kept = new HashMap<>(later);
        kept.keySet()
                .removeIf(name ->
                        !properties.containsKey(name) && !name.startsWith("qk256.") && !name.startsWith("java."));
        return kept;
    }

    private static Set<Thread> lastingThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.isDaemon() && thread.isAlive())
                .collect(Collectors.toSet());
    }

    private static String link(Path path) {
        try {
            return Files.readSymbolicLink(path).toString();
        } catch (IOException | UnsupportedOperationException e) {
            return "";
        }
    }

    /** The signal handlers as Linux reports them. */
    private static String signals() {
        try {
            return Files.readString(STATUS, StandardCharsets.ISO_8859_1)
                    .lines()
                    .filter(line -> line.startsWith("SigIgn:") || line.startsWith("SigCgt:"))
                    .map(line -> line.replace('\t', ' '))
                    .collect(Collectors.joining(", "));
        } catch (IOException e) {
            return "";
        }
    }

    /** Operations whose results depend on the rounding mode; in a mode that traps, they end the process. */
    private static String rounding() {
        float[] left = {1, -1, Float.MIN_NORMAL, Float.MIN_VALUE, 1, 0, Float.MAX_VALUE};
        float[] right = {3, 3, 0.5f, 1, 0, 0, Float.MAX_VALUE};
        float[] results = new float[2 * left.length];
        for (int i = 0; i < left.length; i++) {
            results[2 * i] = left[i] / right[i];
            results[2 * i + 1] = left[i] * right[i];
        }
        return Arrays.toString(results);
    }
}
