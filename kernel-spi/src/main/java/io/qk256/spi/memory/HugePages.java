package io.qk256.spi.memory;

import io.qk256.spi.I8Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Memory for weights. A GEMV reads its weights once from start to end; on 4 KiB pages it waits for an
 * address translation every few dozen nanoseconds. Large models decode tens of percent faster from 2 MiB pages.
 *
 * <p>Linux provides such pages on request ({@code madvise} or {@code always} in
 * {@code /sys/kernel/mm/transparent_hugepage/enabled}). This class requests them if its module has native access
 * ({@code --enable-native-access=io.qk256.spi}); otherwise, and on other systems, it allocates from the arena.
 */
public final class HugePages {

    private static final long PAGE = 2L << 20;

    /** Larger sizes cannot be allocated anyway; the bound leaves room for additions. */
    private static final long MOST = 1L << 62;

    private static final boolean MAY_ASK = System.getProperty("os.name", "").equals("Linux")
            && HugePages.class.getModule().isNativeAccessEnabled();

    private HugePages() {}

    /**
     * Allocates zeroed memory on a boundary of 64 bytes or more, on huge pages if the system provides them and the size
     * fills at least one page, or the arena is a {@link #sharedArena}.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param bytes 0 or more
     * @throws IllegalArgumentException if {@code bytes} is negative
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena belongs to another thread
     * @throws OutOfMemoryError if there is not enough memory
     */
    public static MemorySegment allocate(Arena arena, long bytes) {
        boolean shares = arena instanceof Together;
        if (bytes < (shares ? 0 : PAGE) || bytes > MOST || !MAY_ASK) {
            return I8Vector.allocate(arena, bytes).segment();
        }
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("arena: it is closed");
        }
        return arena instanceof Together together ? together.take(bytes) : Linux.allocate(arena, bytes);
    }

    /**
     * Returns a new shared arena whose allocations by {@link #allocate} share huge pages: of a model with two billion weights,
     * almost a third are in matrices smaller than such a page, or in the parts of larger ones that do not fill one. Otherwise
     * it is as {@link Arena#ofShared()}.
     */
    public static Arena sharedArena() {
        return new Together();
    }

    private static final class Together implements Arena {

        /** Where a piece does not fit, the rest of a chunk is lost; it has no memory until it is written. */
        private static final long CHUNK = 16 * PAGE;

        private static final long ALIGNMENT = 64;

        private final Arena arena = Arena.ofShared();
        private MemorySegment rest = MemorySegment.NULL;

        /** Allocates zeroed memory. */
        synchronized MemorySegment take(long bytes) {
            long whole = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
            if (whole > rest.byteSize()) {
                if (whole >= CHUNK) {
                    return Linux.allocate(arena, bytes);
                }
                rest = Linux.allocate(arena, CHUNK);
            }
            MemorySegment taken = rest.asSlice(0, bytes);
            rest = rest.asSlice(whole);
            return taken;
        }

        @Override
        public MemorySegment allocate(long bytes, long alignment) {
            return arena.allocate(bytes, alignment);
        }

        @Override
        public MemorySegment.Scope scope() {
            return arena.scope();
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /** Does not allocate from the arena, which would write zeros before huge pages can be requested. */
    @SuppressWarnings("restricted") // Without native access, this is not used.
    private static final class Linux {

        private static final int PROT_READ_WRITE = 1 | 2;
        private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
        private static final int MADV_HUGEPAGE = 14;
        private static final MemorySegment MAP_FAILED = MemorySegment.ofAddress(-1);

        private static final MethodHandle MMAP = function(
                "mmap",
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG);
        private static final MethodHandle MADVISE = function(
                "madvise", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
        private static final MethodHandle MUNMAP =
                function("munmap", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);

        private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(
                    linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
        }

        static MemorySegment allocate(Arena arena, long bytes) {
            long pages = Math.ceilDiv(bytes, PAGE) * PAGE;
            long mapped = pages + PAGE;
            MemorySegment start = map(mapped);
            if (start.equals(MAP_FAILED)) {
                throw new OutOfMemoryError("mmap: " + mapped + " bytes, got none");
            }
            MemorySegment all;
            try {
                all = start.reinterpret(mapped, arena, Linux::unmap);
            } catch (Throwable e) { // The arena was closed meanwhile, or there is no memory for the cleanup action.
                unmap(start.reinterpret(mapped));
                throw e;
            }
            MemorySegment memory = all.asSlice(-start.address() & (PAGE - 1), pages);
            advise(memory);
            return memory.asSlice(0, bytes);
        }

        private static MemorySegment map(long bytes) {
            try {
                return (MemorySegment)
                        MMAP.invokeExact(MemorySegment.NULL, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
            } catch (Throwable e) {
                throw new AssertionError("mmap throws nothing", e);
            }
        }

        /** A system without huge pages refuses the request, which does no harm. */
        private static void advise(MemorySegment memory) {
            try {
                int ignored = (int) MADVISE.invokeExact(memory, memory.byteSize(), MADV_HUGEPAGE);
            } catch (Throwable e) {
                throw new AssertionError("madvise throws nothing", e);
            }
        }

        private static void unmap(MemorySegment all) {
            try {
                int ignored = (int) MUNMAP.invokeExact(all, all.byteSize());
            } catch (Throwable e) {
                throw new AssertionError("munmap throws nothing", e);
            }
        }
    }
}
