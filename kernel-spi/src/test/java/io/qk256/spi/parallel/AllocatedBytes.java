package io.qk256.spi.parallel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * What threads have allocated, as the JVM counts it. Uses reflection: the contract's module does not read
 * java.management.
 */
final class AllocatedBytes {

    private static final MethodHandle OF_THREAD = ofThread();

    private AllocatedBytes() {}

    private static MethodHandle ofThread() {
        try {
            Class<?> factory = Class.forName("java.lang.management.ManagementFactory");
            Object threads = factory.getMethod("getThreadMXBean").invoke(null);
            Class<?> bean = Class.forName("com.sun.management.ThreadMXBean");
            return MethodHandles.publicLookup()
                    .findVirtual(bean, "getThreadAllocatedBytes", MethodType.methodType(long.class, long.class))
                    .bindTo(threads);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the JVM counts no allocations", e);
        }
    }

    static long of(long... threadIds) {
        long bytes = 0;
        for (long thread : threadIds) {
            try {
                bytes += (long) OF_THREAD.invokeExact(thread);
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }
        return bytes;
    }
}
