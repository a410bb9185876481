package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.IntUnaryOperator;

/** What a wrong native kernel may do to the registers and the memory of the process, on Linux x86-64. */
final class NativeMischief {

    static final int DENORMALS_ARE_ZERO = 1 << 6;
    static final int DIVISION_BY_ZERO_MASKED = 1 << 9;
    static final int DOWN = 1 << 13;
    static final int UP = 1 << 14;
    static final int FLUSH_TO_ZERO = 1 << 15;
    static final int X87_DOWN = 1 << 10;

    private static final int MXCSR_OFFSET = 28;
    private static final MethodHandle MALLOC = malloc();
    private static final MethodHandle GET = ofEnvironment("fegetenv");
    private static final MethodHandle SET = ofEnvironment("fesetenv");

    private NativeMischief() {}

    static boolean isKnown() {
        return System.getProperty("os.name", "").equals("Linux")
                && System.getProperty("os.arch", "").equals("amd64");
    }

    static void change(IntUnaryOperator mxcsr, IntUnaryOperator x87) {
        MemorySegment fenv = MemorySegment.ofArray(new byte[64]);
        call(GET, fenv);
        fenv.set(JAVA_INT_UNALIGNED, MXCSR_OFFSET, mxcsr.applyAsInt(fenv.get(JAVA_INT_UNALIGNED, MXCSR_OFFSET)));
        fenv.set(JAVA_SHORT_UNALIGNED, 0, (short) x87.applyAsInt(fenv.get(JAVA_SHORT_UNALIGNED, 0)));
        call(SET, fenv);
    }

    static void leak64Bytes() {
        try {
            MemorySegment lost = (MemorySegment) MALLOC.invokeExact(64L);
            if (lost.address() == 0) {
                throw new IllegalStateException("malloc gave nothing");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle malloc() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("malloc"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle ofEnvironment(String function) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(function),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
                Linker.Option.critical(true));
    }

    private static void call(MethodHandle function, MemorySegment fenv) {
        try {
            int status = (int) function.invokeExact(fenv);
            if (status != 0) {
                throw new IllegalStateException("the floating-point environment cannot be changed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
