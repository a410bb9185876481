package io.qk256.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Records the current call of the kernel in a mapped file that outlives the JVM. The process that started the JVM can
 * read there what a kernel was doing when it crashed or hung. Nothing is recorded unless the system property names a
 * file.
 */
public final class BlackBox {

    /** The system property that names the file, which must exist. */
    public static final String PROPERTY = "qk256.tck.blackBox";

    private static final int BYTES = 4096;

    private static final Optional<MemorySegment> MEMORY =
            Optional.ofNullable(System.getProperty(PROPERTY)).map(BlackBox::map);

    private BlackBox() {}

    private static MemorySegment map(String file) {
        try (FileChannel channel = FileChannel.open(Path.of(file), READ, WRITE)) {
            return channel.map(MapMode.READ_WRITE, 0, BYTES, Arena.global());
        } catch (IOException e) {
            throw new UncheckedIOException("-D" + PROPERTY + ": " + file + " cannot be mapped", e);
        }
    }

    static void record(Supplier<String> text) {
        MEMORY.ifPresent(memory -> write(memory, text.get()));
    }

    private static synchronized void write(MemorySegment memory, String text) {
        byte[] bytes = Arrays.copyOf(text.getBytes(UTF_8), BYTES);
        bytes[BYTES - 1] = 0;
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, BYTES);
    }
}
