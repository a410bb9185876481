package io.qk256.tck;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * Native memory between two inaccessible pages: an access to the first byte outside kills the JVM. So they are
 * used only if a property asks for them, as the runner does, which survives the crash and names the rule.
 */
public final class GuardPages {

    /** The system property that turns them on. */
    public static final String PROPERTY = "qk256.tck.guardPages";

    private static final int PROT_NONE = 0;
    private static final int PROT_READ = 1;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE = 2;
    private static final boolean MAC = os().contains("mac");
    private static final int MAP_ANONYMOUS = MAC ? 0x1000 : 0x20;

    private static final Optional<String> OBSTACLE = findObstacle();

    private GuardPages() {}

    /** Why there are no guard pages; empty if there are. */
    public static Optional<String> obstacle() {
        return OBSTACLE;
    }

    private static String os() {
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    }

    private static Optional<String> findObstacle() {
        if (!Boolean.getBoolean(PROPERTY)) {
            return Optional.of("-D" + PROPERTY + "=true was not given");
        }
        if (!MAC && !os().contains("linux")) {
            return Optional.of("only Linux and macOS are known to have them");
        }
        if (!GuardPages.class.getModule().isNativeAccessEnabled()) {
            return Optional.of("the kit has no native access; --enable-native-access=io.qk256.tck gives it");
        }
        try (Arena arena = Arena.ofConfined()) {
            allocate(1, arena).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            return Optional.empty();
        } catch (IllegalStateException | LinkageError e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Allocates whole pages, zeroed, of at least this many bytes, with an inaccessible page before and after them. */
    @SuppressWarnings("restricted")
    static MemorySegment allocate(long bytes, Arena arena) {
        long page = C.PAGE_BYTES;
        long data = Math.ceilDiv(Math.max(1, bytes), page) * page;
        long all = page + data + page;
        MemorySegment reserved = C.reserve(all);
        MemorySegment pages = reserved.reinterpret(all, arena, C::release).asSlice(page, data);
        C.protect(pages, PROT_READ_WRITE);
        return pages;
    }

    /** Makes whole pages read-only. */
    static void lock(MemorySegment pages) {
        C.protect(pages, PROT_READ);
    }

    static int pageBytes() {
        return (int) C.PAGE_BYTES;
    }

    /** The C library. */
    @SuppressWarnings("restricted")
    private static final class C {

        private static final MethodHandle MMAP = handle(
                "mmap",
                FunctionDescriptor.of(
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        private static final MethodHandle MPROTECT = handle(
                "mprotect",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        private static final MethodHandle MUNMAP = handle(
                "munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));

        static final long PAGE_BYTES = (int) call(handle("getpagesize", FunctionDescriptor.of(ValueLayout.JAVA_INT)));

        private C() {}

        private static MethodHandle handle(String name, FunctionDescriptor type) {
            Linker linker = Linker.nativeLinker();
            SymbolLookup library = linker.defaultLookup();
            MemorySegment function =
                    library.find(name).orElseThrow(() -> new IllegalStateException("the C library has no " + name));
            return linker.downcallHandle(function, type);
        }

        static MemorySegment reserve(long bytes) {
            MemorySegment memory = (MemorySegment)
                    call(MMAP, MemorySegment.NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
            if (memory.address() == -1) {
                throw new IllegalStateException("mmap gave no " + bytes + " bytes");
            }
            return memory;
        }

        static void protect(MemorySegment pages, int access) {
            if ((int) call(MPROTECT, pages, pages.byteSize(), access) != 0) {
                throw new IllegalStateException("mprotect failed for " + pages.byteSize() + " bytes");
            }
        }

        static void release(MemorySegment memory) {
            call(MUNMAP, memory, memory.byteSize());
        }

        private static Object call(MethodHandle function, Object... arguments) {
            try {
                return function.invokeWithArguments(arguments);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
