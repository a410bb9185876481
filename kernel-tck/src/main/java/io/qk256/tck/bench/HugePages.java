package io.qk256.tck.bench;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * Asks Linux to put memory on huge pages, as engines do for weights: with small ones, a cold product measures the
 * translation of addresses as well.
 */
final class HugePages {

    /** Of Linux's {@code madvise}: make huge pages of this range now. */
    private static final int MADV_COLLAPSE = 25;

    private HugePages() {}

    /** Returns whether the system did it. */
    @SuppressWarnings("restricted")
    static boolean askFor(MemorySegment memory) {
        if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
            return false;
        }
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("madvise");
        if (function.isEmpty()) {
            return false;
        }
        MethodHandle madvise = linker.downcallHandle(
                function.get(),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        try {
            return (int) madvise.invokeExact(memory, memory.byteSize(), MADV_COLLAPSE) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("madvise: " + e.getMessage(), e);
        }
    }
}
