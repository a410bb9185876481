package io.qk256.app.commands;

import java.lang.reflect.Proxy;

/**
 * Makes Ctrl-C stop an answer instead of the program. If there is nothing to stop, because the answer is already stopping or
 * the program waits at the prompt, a second Ctrl-C ends the program.
 *
 * <p>The JDK has no public API for signals. {@code sun.misc.Signal} in module {@code jdk.unsupported} is called by reflection,
 * because the compiler's warning about it cannot be suppressed. If that fails, Ctrl-C ends the program.
 */
final class Interrupts {

    private enum State {
        ANSWERING,
        STOPPING,
        PROMPT,
        WARNED
    }

    private volatile State state = State.PROMPT;
    private final Runnable warning;
    private final Runnable end;

    private Interrupts(Runnable warning, Runnable end) {
        this.warning = warning;
        this.end = end;
    }

    /** @param warning run on a Ctrl-C that has nothing to stop; the next one ends the program with success */
    static Interrupts install(Runnable warning) {
        return install(warning, () -> System.exit(ExitCode.OK));
    }

    /**
     * The same with another end.
     *
     * @param end run on the next Ctrl-C
     */
    static Interrupts install(Runnable warning, Runnable end) {
        Interrupts interrupts = new Interrupts(warning, end);
        handle("INT", interrupts::received);
        return interrupts;
    }

    /** Runs this on the signal TERM, instead of the JVM's end, which waits for nothing longer than a few seconds. */
    static void onTerm(Runnable end) {
        handle("TERM", end);
    }

    private static void handle(String name, Runnable received) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    Interrupts.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        received.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handlerType)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), handler);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            // This JDK lacks the class or reserves the signal: it ends the program, as usual.
        }
    }

    /** An answer begins. */
    void answering() {
        state = State.ANSWERING;
    }

    /** The program waits at the prompt. */
    void asking() {
        state = State.PROMPT;
    }

    /** Whether the answer is to stop. */
    boolean isStopping() {
        return state == State.STOPPING;
    }

    private synchronized void received() {
        switch (state) {
            case ANSWERING -> state = State.STOPPING;
            case STOPPING -> System.exit(ExitCode.INTERRUPTED);
            case PROMPT -> {
                state = State.WARNED;
                warning.run();
            }
            case WARNED -> end.run();
        }
    }
}
