package com.example.avx512;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * A shorter way to the same code than JNI: a <em>critical</em> downcall leaves out the change of the thread's state, which
 * takes a quarter of the time that 1024 weights need. The price is that no garbage collection can begin until the call
 * returns, so it is for calls of about a microsecond. It is for the simplest case, so that its few arguments all travel in
 * registers. To be used once {@link NativeLibrary} has loaded the library.
 */
final class ShortCall {

    /** About a microsecond. */
    static final long MAX_WEIGHTS = 1 << 16;

    @SuppressWarnings("restricted") // As loading the library is.
    private static final MethodHandle DEQUANTIZE_RUN = Linker.nativeLinker()
            .downcallHandle(
                    SymbolLookup.loaderLookup().findOrThrow("avx512_dequantize_run"),
                    FunctionDescriptor.ofVoid(
                            JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_LONG),
                    Linker.Option.critical(false));

    private ShortCall() {}

    /** Decodes {@code n} weights whose codes follow each other, worth {@code value0} to {@code value3}. */
    static void dequantizeRun(long codes, long n, float value0, float value1, float value2, float value3, long out) {
        try {
            DEQUANTIZE_RUN.invokeExact(codes, n, value0, value1, value2, value3, out);
        } catch (Throwable e) {
            throw new AssertionError("a C function throws nothing", e);
        }
    }
}
