package io.qk256.spi.support;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Replaces {@code System.out}, {@code System.err} and {@code System.in} once foreign code runs in a process. A limited
 * amount of what it prints goes to a log, line by line, with the name of the module that prints, and nothing goes to
 * standard output; reads find the end of the stream. The application itself uses the file descriptors, so foreign
 * prints, closed streams, held monitors and replaced streams do not affect its own output.
 *
 * <p>What modules of the boot layer print, such as a library's warning, goes where it would have gone. Thread-safe.
 */
public final class ForeignStreams {

    /** The number of bytes that all foreign code together may log. */
    public static final int MAX_BYTES = 16_384;

    private static final int MAX_LINE = 500;

    private final OutputStream log;
    private int left = MAX_BYTES;
    private final AtomicLong printed = new AtomicLong();
    private volatile boolean closed;

    private ForeignStreams(OutputStream log) {
        this.log = log;
    }

    /**
     * Replaces the streams of this process.
     *
     * @param log receives the beginning of what foreign code prints; used by any thread that prints
     */
    public static ForeignStreams install(OutputStream log) {
        ForeignStreams streams = new ForeignStreams(log);
        System.setOut(streams.over(System.out));
        System.setErr(streams.over(System.err));
        System.setIn(InputStream.nullInputStream());
        return streams;
    }

    /** The number of bytes that foreign code has printed, including those not logged. */
    public long printed() {
        return printed.get();
    }

    /** Whether foreign code has tried to close {@code System.out} or {@code System.err}, which had no effect. */
    public boolean closed() {
        return closed;
    }

    private PrintStream over(PrintStream own) {
        return new PrintStream(new Sink(own), true, StandardCharsets.UTF_8) {
            @Override
            public void close() {
                closed = true;
            }
        };
    }

    /** The module that prints, if it is not in the boot layer. */
    private static Optional<String> stranger() {
        return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .walk(frames -> frames.map(StackWalker.StackFrame::getDeclaringClass)
                        .filter(type -> !isOfPlatform(type))
                        .findFirst()
                        .map(type ->
                                isOfBootLayer(type.getModule()) ? Optional.<String>empty() : Optional.of(name(type)))
                        // A thread that ends with an exception has only platform code below it on the stack.
                        .orElse(Optional.of("thread " + Thread.currentThread().getName())));
    }

    private static boolean isOfPlatform(Class<?> type) {
        ClassLoader loader = type.getClassLoader();
        return loader == null
                || ClassLoader.getPlatformClassLoader().equals(loader)
                || type.getName().startsWith(ForeignStreams.class.getName());
    }

    private static boolean isOfBootLayer(Module module) {
        return module.getLayer() == ModuleLayer.boot()
                || module == ClassLoader.getSystemClassLoader().getUnnamedModule();
    }

    private static String name(Class<?> type) {
        return type.getModule().isNamed() ? type.getModule().getName() : type.getName();
    }

    private synchronized void log(String who, byte[] bytes, int count) {
        if (left == 0) {
            return;
        }
        String name = "[" + PrintableText.line(who, MAX_LINE) + "] ";
        String line = name + PrintableText.line(new String(bytes, 0, count, StandardCharsets.UTF_8), MAX_LINE) + "\n";
        left = Math.max(0, left - line.length());
        if (left == 0) {
            line += name + "further output is not shown\n";
        }
        try {
            log.write(line.getBytes(StandardCharsets.UTF_8));
            log.flush();
        } catch (IOException e) {
            left = 0; // The log has no reader.
        }
    }

    private synchronized boolean isFull() {
        return left == 0;
    }

    /** Collects lines. */
    private final class Sink extends OutputStream {

        private final PrintStream own;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private String who = "";

        Sink(PrintStream own) {
            this.own = own;
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            Optional<String> stranger = stranger();
            if (stranger.isEmpty()) {
                own.write(bytes, from, count);
                own.flush();
                return;
            }
            printed.addAndGet(count);
            if (!isFull()) {
                append(stranger.get(), bytes, from, count);
            }
        }

        private synchronized void append(String name, byte[] bytes, int from, int count) {
            if (!name.equals(who)) {
                emit();
                who = name;
            }
            for (int i = from; i < from + count; i++) {
                if (bytes[i] == '\n' || line.size() >= MAX_LINE) {
                    emit();
                }
                if (bytes[i] != '\n') {
                    line.write(bytes[i]);
                }
            }
        }

        private void emit() {
            if (line.size() > 0) {
                log(who, line.toByteArray(), line.size());
                line.reset();
            }
        }
    }
}
