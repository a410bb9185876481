package io.qk256.tck.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/**
 * Memory that Linux puts on huge pages, as engines do with weights: with small ones, a cold product measures the
 * translation of addresses as well.
 */
final class HugePages {

    private static final long PAGE = 2L << 20;

    /** Of Linux's {@code madvise}: take huge pages when this range is written for the first time. */
    private static final int MADV_HUGEPAGE = 14;

    private HugePages() {}

    /** Memory on the boundary of a huge page, to be filled; on huge pages if the system gives some. */
    static MemorySegment allocate(Arena arena, long bytes) {
        boolean linux =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
        return linux ? allocateAndAdvise(arena, bytes) : arena.allocate(bytes, PAGE);
    }

    /** Not from the arena, which writes zeros before there is a chance to ask for huge pages. */
    @SuppressWarnings("restricted")
    private static MemorySegment allocateAndAdvise(Arena arena, long bytes) {
        MethodHandle alignedAlloc =
                function("aligned_alloc", ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
        MethodHandle madvise = function(
                "madvise", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
        long size = Math.ceilDiv(bytes, PAGE) * PAGE;
        try {
            MemorySegment memory = (MemorySegment) alignedAlloc.invokeExact(PAGE, size);
            if (memory.equals(MemorySegment.NULL)) {
                throw new OutOfMemoryError("aligned_alloc: " + size + " bytes, got none");
            }
            int ignored = (int) madvise.invokeExact(memory, size, MADV_HUGEPAGE);
            return memory.reinterpret(bytes, arena, HugePages::free);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("memory: " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("restricted")
    private static void free(MemorySegment memory) {
        MethodHandle free = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("free"),
                        FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
        try {
            free.invokeExact(memory);
        } catch (Throwable e) {
            throw new IllegalStateException("free: " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow(name),
                        FunctionDescriptor.of(result, arguments));
    }
}
