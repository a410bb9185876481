package io.qk256.tck;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The floating-point environment of a thread at one moment: rounding mode, treatment of subnormal numbers, and trapped
 * exceptions. Native code can change it for all Java code that follows on the thread, and Java cannot restore it.
 *
 * <p>It is read and restored through the C library if the TCK has native access and the layout of {@code fenv_t} is
 * known: Linux on x86-64 and AArch64. Elsewhere, a few operations with known results reveal everything except the
 * traps.
 */
final class FloatEnvironment {

    /** Larger than any {@code fenv_t}. */
    private static final int FENV_BYTES = 64;

    private static final @Nullable Native C = Native.find();

    private final byte[] saved;
    private final int[] state;

    private FloatEnvironment(byte[] saved, int... state) {
        this.saved = saved;
        this.state = state;
    }

    /** Whether it can be restored. */
    static boolean isRestorable() {
        return C != null;
    }

    /** The environment of the calling thread. */
    static FloatEnvironment current() {
        if (C == null) {
            return new FloatEnvironment(new byte[0], Arithmetic.results());
        }
        byte[] fenv = new byte[FENV_BYTES];
        C.get(fenv);
        return new FloatEnvironment(fenv, C.control(fenv));
    }

    boolean isSame(FloatEnvironment other) {
        return Arrays.equals(state, other.state);
    }

    /** Sets the calling thread's environment to this one, if it {@linkplain #isRestorable() can be restored}. */
    void restore() {
        if (C != null) {
            C.set(saved);
        }
    }

    @Override
    public String toString() {
        return C == null ? Arithmetic.describe(state) : C.describe(state);
    }

    /** Operations whose results depend on rounding and on the treatment of subnormal numbers. */
    private static final class Arithmetic {

        private static final String[] OPERATIONS = {
            "1 + 1.5 * 2^-24", "1 + 2^-25", "1 / 3", "2^-126 / 2", "2^-149 * 2^30"
        };

        // Volatile, so that the compiler does not constant-fold them.
        private static volatile float one = 1;
        private static volatile float minNormal = Float.MIN_NORMAL;
        private static volatile float minValue = Float.MIN_VALUE;

        private Arithmetic() {}

        static int[] results() {
            float[] results = {one + 0x1.8p-24f, one + 0x1p-25f, one / 3, minNormal / 2, minValue * 0x1p30f};
            int[] bits = new int[results.length];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = Float.floatToRawIntBits(results[i]);
            }
            return bits;
        }

        static String describe(int... bits) {
            return IntStream.range(0, bits.length)
                    .mapToObj(i -> OPERATIONS[i] + " = " + Float.intBitsToFloat(bits[i]))
                    .collect(Collectors.joining(", "));
        }
    }

    /** The C library's functions. */
    private static final class Native {

        private static final String[] ROUNDING = {"to nearest", "down", "up", "toward zero"};
        private static final String[] EXCEPTIONS = {
            "invalid operation", "denormal operand", "division by zero", "overflow", "underflow", "inexact result"
        };
        private static final int X87_CONTROL_OFFSET = 0;
        private static final int MXCSR_OFFSET = 28;
        private static final int MXCSR_CONTROL = 0xFFC0;
        private static final int X87_CONTROL = 0x0F3F;
        private static final int DENORMALS_ARE_ZERO = 1 << 6;
        private static final int FLUSH_TO_ZERO = 1 << 15;

        private final MethodHandle get;
        private final MethodHandle set;
        private final boolean x86;

        private Native(MethodHandle get, MethodHandle set, boolean x86) {
            this.get = get;
            this.set = set;
            this.x86 = x86;
        }

        @SuppressWarnings("restricted")
        static @Nullable Native find() {
            boolean x86 = System.getProperty("os.arch", "").equals("amd64");
            boolean known = x86 || System.getProperty("os.arch", "").equals("aarch64");
            if (!known
                    || !System.getProperty("os.name", "").equals("Linux")
                    || !FloatEnvironment.class.getModule().isNativeAccessEnabled()) {
                return null;
            }
            Linker linker = Linker.nativeLinker();
            SymbolLookup library = linker.defaultLookup();
            Optional<MemorySegment> get = library.find("fegetenv");
            Optional<MemorySegment> set = library.find("fesetenv");
            if (get.isEmpty() || set.isEmpty()) {
                return null;
            }
            FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
            Linker.Option onHeap = Linker.Option.critical(true);
            return new Native(
                    linker.downcallHandle(get.get(), type, onHeap),
                    linker.downcallHandle(set.get(), type, onHeap),
                    x86);
        }

        void get(byte[] fenv) {
            call(get, fenv);
        }

        void set(byte[] fenv) {
            call(set, fenv);
        }

        private static void call(MethodHandle function, byte[] fenv) {
            try {
                int status = (int) function.invokeExact(MemorySegment.ofArray(fenv));
                if (status != 0) {
                    throw new IllegalStateException(
                            "the C library's function for the floating-point environment failed");
                }
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        /** The control bits only: the exception status flags may change freely. */
        int[] control(byte[] fenv) {
            MemorySegment memory = MemorySegment.ofArray(fenv);
            if (!x86) {
                return new int[] {memory.get(ValueLayout.JAVA_INT_UNALIGNED, 0)};
            }
            int mxcsr = memory.get(ValueLayout.JAVA_INT_UNALIGNED, MXCSR_OFFSET);
            int x87 = memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, X87_CONTROL_OFFSET);
            return new int[] {mxcsr & MXCSR_CONTROL, x87 & X87_CONTROL};
        }

        String describe(int... control) {
            return x86 ? describeX86(control[0], control[1]) : "FPCR " + hex(control[0]);
        }

        private static String describeX86(int mxcsr, int x87) {
            StringBuilder text = new StringBuilder("MXCSR " + hex(mxcsr) + " (rounds " + ROUNDING[(mxcsr >> 13) & 3]);
            text.append((mxcsr & FLUSH_TO_ZERO) == 0 ? "" : ", flushes to zero");
            text.append((mxcsr & DENORMALS_ARE_ZERO) == 0 ? "" : ", denormals are zero");
            for (int i = 0; i < EXCEPTIONS.length; i++) {
                text.append(((mxcsr >> (7 + i)) & 1) == 1 ? "" : ", traps on " + EXCEPTIONS[i]);
            }
            return text.append(") and x87 control word ").append(hex(x87)).toString();
        }

        private static String hex(int value) {
            return String.format(Locale.ROOT, "0x%04x", value);
        }
    }
}
