package io.qk256.app;

import io.qk256.spi.support.PrintableText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Ends the process independently of plugins: their shutdown hooks get a few seconds, then the process ends with the intended
 * exit code. If a plugin calls {@code System.exit}, a message says so and the exit code is that of a failure, because the work
 * in progress is incomplete.
 *
 * <p>A plugin that calls {@code Runtime.halt} cannot be caught.
 */
final class Ending {

    /** Time for all shutdown hooks; the application's own need a few milliseconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Time for the application's own hooks when a plugin ends the process. */
    private static final Duration SHORT = Duration.ofSeconds(1);

    private static final int FAILED = 1;
    private static final int SIGNAL = 128;

    /** Signal numbers by the name of the thread in which the JDK runs the shutdown hooks. */
    private static final Map<String, Integer> SIGNALS =
            Map.of("SIGHUP handler", 1, "SIGINT handler", 2, "SIGTERM handler", 15);

    private volatile Optional<Integer> wanted = Optional.empty();

    private Ending() {}

    /** Starts watching; to be called before any plugin can run. */
    static Ending watch() {
        Ending ending = new Ending();
        Runtime.getRuntime().addShutdownHook(new Thread(ending::begins, "qk256-ending"));
        return ending;
    }

    /** Ends the process; output must have been flushed. */
    void exit(int code) {
        wanted = Optional.of(code);
        System.exit(code);
    }

    private void begins() {
        if (wanted.isPresent()) {
            haltLater(PATIENCE, wanted.get());
            return;
        }
        for (Map.Entry<Thread, StackTraceElement[]> entry :
                Thread.getAllStackTraces().entrySet()) {
            Optional<Integer> signal =
                    Optional.ofNullable(SIGNALS.get(entry.getKey().getName()));
            if (signal.isPresent()) {
                haltLater(PATIENCE, SIGNAL + signal.get());
                return;
            }
            Optional<String> stranger = stranger(entry.getValue());
            if (stranger.isPresent()) {
                Thread halting = haltLater(SHORT, FAILED);
                tell(stranger.get() + " ended the program with System.exit; the output is incomplete");
                awaitForEver(halting);
                return;
            }
        }
        haltLater(PATIENCE, FAILED);
    }

    /** The module that called System.exit on this stack, unless it is one of the application's. */
    private static Optional<String> stranger(StackTraceElement[] stack) {
        boolean exits = Arrays.stream(stack)
                .anyMatch(frame -> frame.getClassName().equals("java.lang.Runtime")
                        && frame.getMethodName().equals("exit"));
        return Arrays.stream(stack)
                .filter(frame -> exits && !"java.base".equals(frame.getModuleName()))
                .findFirst()
                .map(frame -> frame.getModuleName() == null ? frame.getClassName() : frame.getModuleName())
                .filter(module -> ModuleLayer.boot().findModule(module).isEmpty());
    }

    private static Thread haltLater(Duration patience, int code) {
        return Thread.ofPlatform().daemon().name("qk256-halt").start(() -> {
            try {
                Thread.sleep(patience);
            } catch (InterruptedException e) {
                tell("the wait for shutdown hooks was interrupted");
            }
            Runtime.getRuntime().halt(code);
        });
    }

    /** Otherwise the JVM would end with the plugin's exit code. */
    private static void awaitForEver(Thread halting) {
        try {
            halting.join();
        } catch (InterruptedException e) {
            Runtime.getRuntime().halt(FAILED);
        }
    }

    private static void tell(String message) {
        try {
            new FileOutputStream(FileDescriptor.err)
                    .write(("qk256: " + PrintableText.line(message) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            return; // Nobody reads it.
        }
    }
}
