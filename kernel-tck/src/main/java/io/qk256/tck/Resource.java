package io.qk256.tck;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.ref.WeakReference;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The resources of a process that a kernel must give back. Some can be measured on Linux only. */
enum Resource {
    THREADS("threads", 100) {
        @Override
        long held() {
            long tasks = entries("/proc/self/task");
            return tasks > 0 ? tasks : root().activeCount();
        }

        // The names of the most recently started threads.
        @Override
        String details() {
            Thread[] threads = new Thread[root().activeCount() + 100];
            int count = root().enumerate(threads);
            return Arrays.stream(threads, Math.max(0, count - 5), count)
                    .map(Thread::getName)
                    .toList()
                    .toString();
        }

        private ThreadGroup root() {
            ThreadGroup group = Thread.currentThread().getThreadGroup();
            while (group.getParent() != null) {
                group = group.getParent();
            }
            return group;
        }
    },
    DESCRIPTORS("open file descriptors", 100) {
        @Override
        long held() {
            long open = entries("/proc/self/fd");
            return open > 0 ? open : entries("/dev/fd");
        }
    },
    /**
     * As the last collection left it. What is in use at the moment is no indicator: the buffers that threads allocate
     * from count as a whole, and may have several megabytes.
     */
    HEAP("bytes of the heap", 4 << 20) {
        @Override
        long held() {
            return HEAP_POOLS.stream()
                    .mapToLong(pool -> pool.getCollectionUsage().getUsed())
                    .sum();
        }

        @Override
        long heldAtMost() {
            return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        }
    },
    /**
     * Without the heap's own share. All of it is counted whether written to or not, so garbage collection does not
     * show.
     */
    NATIVE_MEMORY("bytes of native memory", 8 << 20) {
        @Override
        long held() {
            return status(DATA) - Runtime.getRuntime().totalMemory();
        }
    },
    ADDRESS_SPACE("bytes of address space", 64 << 20) {
        @Override
        long held() {
            return status(SIZE);
        }
    };

    private static final List<MemoryPoolMXBean> HEAP_POOLS = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null)
            .toList();

    private static final Pattern DATA = Pattern.compile("(?m)^VmData:\\s+(\\d+) kB");
    private static final Pattern SIZE = Pattern.compile("(?m)^VmSize:\\s+(\\d+) kB");

    private final String label;
    private final long plenty;

    Resource(String label, long plenty) {
        this.label = label;
        this.plenty = plenty;
    }

    /** How much of it the process holds; a constant if unknown. */
    abstract long held();

    /** The same with what may be garbage. */
    long heldAtMost() {
        return held();
    }

    String details() {
        return "";
    }

    /** Growth that is not accidental, and that a machine can bear a few times. */
    long plenty() {
        return plenty;
    }

    boolean isCounted() {
        return this == THREADS || this == DESCRIPTORS;
    }

    /** Whether the JVM collects garbage on request, and tells what is left; otherwise the heap is no indicator. */
    static boolean heapIsKnown() {
        WeakReference<Object> garbage = new WeakReference<>(new Object());
        System.gc();
        return garbage.get() == null && !HEAP_POOLS.isEmpty();
    }

    private static long entries(String directory) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of(directory))) {
            long count = 0;
            for (Path entry : entries) {
                count += entry.getNameCount() > 0 ? 1 : 0;
            }
            return count;
        } catch (IOException e) {
            return 0;
        }
    }

    private static long status(Pattern line) {
        try {
            Matcher size = line.matcher(Files.readString(Path.of("/proc/self/status")));
            return size.find() ? Long.parseLong(size.group(1)) << 10 : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public String toString() {
        return label;
    }
}
