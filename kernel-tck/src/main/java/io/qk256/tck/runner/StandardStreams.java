package io.qk256.tck.runner;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The child's standard streams, which its parent reads. They are unbuffered, so prints and marks keep their order. */
final class StandardStreams {

    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private final String word = System.getProperty(Talk.PROPERTY, "");
    private final Optional<MethodHandle> flush = flushOfC();

    StandardStreams() {
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true));
    }

    /** Marks the start of a phase, to which everything printed from now on belongs. */
    synchronized void mark(String phase) {
        try {
            if (flush.isPresent()) {
                int status = (int) flush.get().invokeExact(MemorySegment.NULL);
                if (status != 0) {
                    return; // The kernel has closed a stream, and its buffered content is lost.
                }
            }
            out.write(Talk.mark(word, phase));
        } catch (IOException e) {
            return; // The kernel has closed it.
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * fflush for all streams of the C library: otherwise what {@code printf} prints into a pipe stays in its
     * buffer.
     */
    @SuppressWarnings("restricted")
    private static Optional<MethodHandle> flushOfC() {
        if (!StandardStreams.class.getModule().isNativeAccessEnabled()) {
            return Optional.empty();
        }
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("fflush")
                .map(function -> linker.downcallHandle(
                        function, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS)));
    }
}
