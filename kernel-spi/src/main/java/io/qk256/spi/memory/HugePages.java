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
 * Memory for weights. A product reads its weights once from one end to the other, and on pages of 4 KiB it waits for the
 * translation of an address every few dozen nanoseconds; large models decode some tenths faster from pages of 2 MiB.
 *
 * <p>Linux gives such pages to who asks ({@code madvise} or {@code always} in
 * {@code /sys/kernel/mm/transparent_hugepage/enabled}). This class asks if its module has native access
 * ({@code --enable-native-access=io.qk256.spi}); else, and on other systems, the memory is the arena's own.
 */
public final class HugePages {

    private static final long PAGE = 2L << 20;

    /** Anything above is not given, and leaves room for sums. */
    private static final long MOST = 1L << 62;

    private static final boolean MAY_ASK = System.getProperty("os.name", "").equals("Linux")
            && HugePages.class.getModule().isNativeAccessEnabled();

    private HugePages() {}

    /**
     * Zeroed memory on a boundary of 64 bytes or more, on huge pages if the system gives some and a page is filled.
     *
     * @param arena decides how long the memory lives and which threads may use it
     * @param bytes 0 or more
     * @throws IllegalArgumentException if {@code bytes} is negative
     * @throws IllegalStateException if the arena is closed
     * @throws WrongThreadException if the arena is another thread's
     * @throws OutOfMemoryError if there is not so much memory
     */
    public static MemorySegment allocate(Arena arena, long bytes) {
        if (bytes < PAGE || bytes > MOST || !MAY_ASK) {
            return I8Vector.allocate(arena, bytes).segment();
        }
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("arena: it is closed");
        }
        return Linux.allocate(arena, bytes);
    }

    /** Not from the arena, which writes zeros before there is a chance to ask for huge pages. */
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
            long mapped = bytes + PAGE;
            MemorySegment start = map(mapped);
            if (start.equals(MAP_FAILED)) {
                throw new OutOfMemoryError("mmap: " + mapped + " bytes, got none");
            }
            MemorySegment all;
            try {
                all = start.reinterpret(mapped, arena, Linux::unmap);
            } catch (Throwable e) { // Somebody has closed the arena meanwhile, or there is no memory for the cleanup.
                unmap(start.reinterpret(mapped));
                throw e;
            }
            MemorySegment memory = all.asSlice(-start.address() & (PAGE - 1), bytes);
            advise(memory);
            return memory;
        }

        private static MemorySegment map(long bytes) {
            try {
                return (MemorySegment)
                        MMAP.invokeExact(MemorySegment.NULL, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
            } catch (Throwable e) {
                throw new AssertionError("mmap throws nothing", e);
            }
        }

        /** A system without huge pages refuses, and nothing is lost. */
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
