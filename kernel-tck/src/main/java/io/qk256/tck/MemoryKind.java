package io.qk256.tck;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The kinds of memory that an operand can be in. */
enum MemoryKind {
    /** A {@code float[]} or a {@code byte[]}, matching the values. */
    HEAP("heap"),
    /** An array of a type other than the values. */
    LONG_ARRAY("long[]"),
    /** An array that the kernel may not write to. */
    READ_ONLY_HEAP("read-only heap"),
    /** A {@code float[]} or a {@code byte[]} of exactly the values, with nothing before or after them. */
    WHOLE_ARRAY("whole array"),
    /** Native memory that starts at a 64-byte boundary. */
    OFF_HEAP("off-heap"),
    /** A file mapped for reading. */
    MAPPED("mapped file"),
    /** Native memory that ends where an inaccessible page begins. */
    BEFORE_GUARD_PAGE("off-heap before a guard page"),
    /** Native memory that starts where an inaccessible page ends. */
    AFTER_GUARD_PAGE("off-heap after a guard page"),
    /** Native memory whose segment is writable but whose pages are not. */
    LOCKED_PAGES("off-heap on pages that cannot be written");

    /** The kinds that every machine has. */
    static final List<MemoryKind> EVERYWHERE = List.of(HEAP, LONG_ARRAY, READ_ONLY_HEAP, OFF_HEAP, MAPPED);

    private static final int CACHE_LINE = 64;

    private final String label;

    MemoryKind(String label) {
        this.label = label;
    }

    boolean isReadOnly() {
        return this == READ_ONLY_HEAP || this == MAPPED;
    }

    /** The kinds next to inaccessible pages; empty if there are none. */
    static List<MemoryKind> guarded() {
        return GuardPages.obstacle().isEmpty() ? List.of(BEFORE_GUARD_PAGE, AFTER_GUARD_PAGE) : List.of();
    }

    /**
     * Allocates memory with the given bytes, a multiple of 8 on the heap unless it is a whole
     * array; writable unless it is a mapped file.
     */
    MemorySegment place(byte[] content, int valueBytes, Arena arena) {
        MemorySegment source = MemorySegment.ofArray(content);
        return switch (this) {
            case HEAP, READ_ONLY_HEAP, WHOLE_ARRAY ->
                array(content.length, valueBytes).copyFrom(source);
            case LONG_ARRAY ->
                MemorySegment.ofArray(new long[content.length / Long.BYTES]).copyFrom(source);
            case OFF_HEAP -> arena.allocate(content.length, CACHE_LINE).copyFrom(source);
            case MAPPED -> map(content, arena);
            case BEFORE_GUARD_PAGE -> {
                MemorySegment pages = GuardPages.allocate(content.length, arena);
                yield pages.asSlice(pages.byteSize() - content.length).copyFrom(source);
            }
            case AFTER_GUARD_PAGE ->
                GuardPages.allocate(content.length, arena)
                        .asSlice(0, content.length)
                        .copyFrom(source);
            case LOCKED_PAGES -> {
                MemorySegment pages = GuardPages.allocate(content.length, arena);
                MemorySegment.copy(source, 0, pages, 0, content.length);
                GuardPages.lock(pages);
                yield pages.asSlice(0, content.length);
            }
        };
    }

    /** An array of floats, shorts or bytes. */
    private static MemorySegment array(int bytes, int valueBytes) {
        return switch (valueBytes) {
            case Float.BYTES -> MemorySegment.ofArray(new float[bytes / Float.BYTES]);
            case Short.BYTES -> MemorySegment.ofArray(new short[bytes / Short.BYTES]);
            default -> MemorySegment.ofArray(new byte[bytes]);
        };
    }

    private static MemorySegment map(byte[] content, Arena arena) {
        try (FileChannel channel = temporaryFile()) {
            channel.write(ByteBuffer.wrap(content));
            return channel.map(MapMode.READ_ONLY, 0, content.length, arena);
        } catch (IOException e) {
            throw new UncheckedIOException("no file to map in " + System.getProperty("java.io.tmpdir"), e);
        }
    }

    /** Maps a writable file of zeros that takes no space if the file system supports sparse files. */
    static MemorySegment sparseFile(long bytes, Arena arena) throws IOException {
        try (FileChannel channel = temporaryFile()) {
            return channel.map(MapMode.READ_WRITE, 0, bytes, arena);
        }
    }

    /** A mapping outlives its channel; closing the channel deletes the file's name. */
    private static FileChannel temporaryFile() throws IOException {
        Path file = Files.createTempFile("qk256-tck", ".bin");
        Files.delete(file); // Sparse files can only be newly created ones on some systems.
        return FileChannel.open(file, Set.of(READ, WRITE, CREATE_NEW, SPARSE, DELETE_ON_CLOSE));
    }

    @Override
    public String toString() {
        return label;
    }
}
