package io.qk256.tck;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.qk256.spi.support.PrintableText;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Detects what a kernel's code prints to {@code System.out} and {@code System.err}. Only prints of the thread that runs
 * the code count, and they are swallowed; those of other threads go where they went before. Only the runner detects
 * prints of native code.
 */
final class PrintWatch {

    /** System.out and System.err are shared by the whole JVM. */
    private static final Object SYSTEM_STREAMS = new Object();

    private final AtomicReference<@Nullable String> first = new AtomicReference<>();

    /** Runs code of a kernel. */
    @SuppressWarnings("ReferenceEquality") // Compares with the very stream that was set.
    <T> T during(String what, Supplier<T> code) {
        synchronized (SYSTEM_STREAMS) {
            PrintStream out = System.out;
            PrintStream err = System.err;
            Swallowing swallowed = new Swallowing();
            PrintStream watchedOut = new PrintStream(new Split(swallowed, out), true, UTF_8);
            PrintStream watchedErr = new PrintStream(new Split(swallowed, err), true, UTF_8);
            System.setOut(watchedOut);
            System.setErr(watchedErr);
            try {
                return code.get();
            } finally {
                if (!watchedOut.equals(System.out) || !watchedErr.equals(System.err)) {
                    first.compareAndSet(null, "System.out or System.err was replaced during " + what);
                }
                System.setOut(out);
                System.setErr(err);
                if (swallowed.count > 0) {
                    first.compareAndSet(null, describe(swallowed.count, swallowed.beginning.toByteArray(), what));
                }
            }
        }
    }

    /** Describes the first print. */
    Optional<String> print() {
        return Optional.ofNullable(first.get());
    }

    /** Describes what was printed, and when, by its beginning. */
    static String describe(long count, byte[] beginning, String when) {
        return "seen " + count + " bytes printed during " + when + ", beginning with '"
                + PrintableText.line(new String(beginning, UTF_8), 120) + "', expected none";
    }

    /** Keeps the beginning of what is written. */
    private static final class Swallowing {

        private static final int KEPT = 200;

        private final ByteArrayOutputStream beginning = new ByteArrayOutputStream();
        private long count;

        synchronized void add(byte[] bytes, int offset, int length) {
            count += length;
            beginning.write(bytes, offset, Math.min(length, KEPT - beginning.size()));
        }
    }

    /** Swallows what this object's creator prints, and passes everything else on. */
    private static final class Split extends OutputStream {

        private final Thread watched = Thread.currentThread();
        private final Swallowing swallowing;
        private final PrintStream others;

        Split(Swallowing swallowing, PrintStream others) {
            this.swallowing = swallowing;
            this.others = others;
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            if (Thread.currentThread() == watched) {
                swallowing.add(bytes, offset, length);
            } else {
                others.write(bytes, offset, length);
            }
        }

        @Override
        public void flush() {
            if (Thread.currentThread() != watched) {
                others.flush();
            }
        }
    }
}
