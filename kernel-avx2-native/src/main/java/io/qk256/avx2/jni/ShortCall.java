package io.qk256.avx2.jni;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.qk256.spi.F32Vector;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * A shorter way to the same code than JNI: a <em>critical</em> downcall leaves out the change of the thread's state, so that an
 * empty one takes 2.5 ns instead of 6.5, and needs no pinned array. The price is that no garbage collection can begin until
 * the call returns, so it is for calls of about a microsecond. To be used once {@link NativeLibrary} has loaded the
 * library.
 */
final class ShortCall {

    /** About a microsecond; 4 KiB of codes, so that even a mapped file that is not in memory yet holds up the rest for two pages at most. */
    static final long MAX_WEIGHTS = 1 << 14;

    /** Arrays are taken as they are. */
    static final Linker.Option WITH_HEAP = Linker.Option.critical(true);

    private static final Linker.Option OFF_HEAP = Linker.Option.critical(false);

    private static final MethodHandle TO_MEMORY = dequantize(JAVA_LONG, OFF_HEAP);
    private static final MethodHandle TO_ARRAY = dequantize(ADDRESS, WITH_HEAP);

    /** Made when first used: each handle takes 4 ms, and the kernel's self-test at the start needs none of these. */
    private static final class Run {

        static final MethodHandle TO_MEMORY = dequantizeRun(JAVA_LONG, OFF_HEAP);
        static final MethodHandle TO_ARRAY = dequantizeRun(ADDRESS, WITH_HEAP);
    }

    private ShortCall() {}

    private static MethodHandle dequantize(MemoryLayout out, Linker.Option critical) {
        return handle(
                "qk256_dequantize_short",
                critical,
                JAVA_LONG,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                JAVA_FLOAT,
                JAVA_FLOAT,
                JAVA_FLOAT,
                JAVA_FLOAT,
                JAVA_FLOAT,
                out);
    }

    private static MethodHandle dequantizeRun(MemoryLayout out, Linker.Option critical) {
        return handle(
                "qk256_dequantize_run",
                critical,
                JAVA_LONG,
                JAVA_LONG,
                JAVA_FLOAT,
                JAVA_FLOAT,
                JAVA_FLOAT,
                JAVA_FLOAT,
                out);
    }

    /** A critical downcall of a function without a result. */
    @SuppressWarnings("restricted") // As loading the library is.
    static MethodHandle handle(String function, Linker.Option critical, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.loaderLookup().findOrThrow(function),
                        FunctionDescriptor.ofVoid(arguments),
                        critical);
    }

    /**
     * Decodes {@code n} weights whose codes follow each other and are worth {@code value0} to {@code value3}. So few
     * arguments all travel in registers.
     */
    static void dequantizeRun(
            long codes, long n, float value0, float value1, float value2, float value3, F32Vector out) {
        try {
            if (out.isOffHeap()) {
                Run.TO_MEMORY.invokeExact(codes, n, value0, value1, value2, value3, out.address());
            } else {
                Run.TO_ARRAY.invokeExact(codes, n, value0, value1, value2, value3, out.segment());
            }
        } catch (Throwable e) {
            throw new AssertionError("a C function throws nothing", e);
        }
    }

    /** As {@link Native#dequantize}, but for {@code out}, which may be on the heap. */
    static void dequantize(
            long codes,
            long rowStride,
            int rows,
            int cols,
            long blockScales,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            F32Vector out) {
        try {
            if (out.isOffHeap()) {
                TO_MEMORY.invokeExact(
                        codes,
                        rowStride,
                        rows,
                        cols,
                        blockScales,
                        tensorScale,
                        value0,
                        value1,
                        value2,
                        value3,
                        out.address());
            } else {
                TO_ARRAY.invokeExact(
                        codes,
                        rowStride,
                        rows,
                        cols,
                        blockScales,
                        tensorScale,
                        value0,
                        value1,
                        value2,
                        value3,
                        out.segment());
            }
        } catch (Throwable e) {
            throw new AssertionError("a C function throws nothing", e);
        }
    }
}
