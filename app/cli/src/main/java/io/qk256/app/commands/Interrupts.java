package io.qk256.app.commands;

import java.lang.reflect.Proxy;

/**
 * Ctrl-C that stops an answer instead of the program. Where there is nothing to stop, because an answer is stopping already
 * or the user is asked, the second one ends the program.
 *
 * <p>The JDK has no public API for signals; {@code sun.misc.Signal} is in module {@code jdk.unsupported}, and by reflection,
 * because the compiler's warning about it cannot be silenced. Where it fails, Ctrl-C ends the program.
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

    private Interrupts(Runnable warning) {
        this.warning = warning;
    }

    /** @param warning run when Ctrl-C came where there is nothing to stop */
    static Interrupts install(Runnable warning) {
        Interrupts interrupts = new Interrupts(warning);
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    Interrupts.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        interrupts.received();
                        return null;
                    });
            signal.getMethod("handle", signal, handlerType)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), handler);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            // A JDK without it, or one that keeps the signal for itself: Ctrl-C ends the program, as it does elsewhere.
        }
        return interrupts;
    }

    /** An answer begins. */
    void answering() {
        state = State.ANSWERING;
    }

    /** The user is asked. */
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
            case WARNED -> System.exit(ExitCode.OK);
        }
    }
}
