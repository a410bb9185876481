package com.example.avx512;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * A faster call to the same code than JNI: a <em>critical</em> downcall skips the thread state transition, which takes a
 * quarter of the time for 1024 weights. In return, no garbage collection can begin until the call returns, so use it for calls
 * of about a microsecond. It covers only the simplest case, so that its few arguments are all passed in registers. Call it only
 * after {@link NativeLibrary} has loaded the library.
 */
final class ShortCall {

    /** About a microsecond. */
    static final long MAX_WEIGHTS = 1 << 16;

    @SuppressWarnings("restricted") // As is loading the library.
    private static final MethodHandle DEQUANTIZE_RUN = Linker.nativeLinker()
            .downcallHandle(
                    SymbolLookup.loaderLookup().findOrThrow("avx512_dequantize_run"),
                    FunctionDescriptor.ofVoid(
                            JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_LONG),
                    Linker.Option.critical(false));

    private ShortCall() {}

    /** Decodes {@code n} weights with contiguous codes to the values {@code value0} to {@code value3}. */
    static void dequantizeRun(long codes, long n, float value0, float value1, float value2, float value3, long out) {
        try {
            DEQUANTIZE_RUN.invokeExact(codes, n, value0, value1, value2, value3, out);
        } catch (Throwable e) {
            throw new AssertionError("a C function throws nothing", e);
        }
    }
}
