package io.qk256.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Counts resources of this JVM. The beans are called by reflection, because the application's module does not read java.management. */
public final class JvmCounts {

    private static final Path PROC = Path.of("/proc/self");
    private static final Pattern VIRTUAL = Pattern.compile("^#\\d+ \"(.*)\" virtual");

    private JvmCounts() {}

    /** Bytes of the heap that garbage collection leaves, without the buffers that threads allocate from. */
    public static long heapBytes() {
        collect();
        String type = "java.lang.management.MemoryPoolMXBean";
        long bytes = 0;
        for (Object pool : beans(type)) {
            Object left = ask(pool, type, "getCollectionUsage");
            if (left != null && ask(pool, type, "getType").toString().equals("Heap memory")) {
                bytes += (Long) ask(left, "java.lang.management.MemoryUsage", "getUsed");
            }
        }
        return bytes;
    }

    /** Returns when the present garbage has been collected. */
    private static void collect() {
        WeakReference<Object> garbage = new WeakReference<>(new Object());
        do {
            System.gc();
        } while (garbage.get() != null);
        System.gc();
    }

    /** The number of loaded classes. */
    public static int classes() {
        String type = "java.lang.management.ClassLoadingMXBean";
        return (Integer) ask(beans(type).getFirst(), type, "getLoadedClassCount");
    }

    /** Bytes that this thread has allocated. Telling it takes some, too. */
    public static long allocatedBytes() {
        String type = "com.sun.management.ThreadMXBean";
        return (Long)
                ask(beans("java.lang.management.ThreadMXBean").getFirst(), type, "getCurrentThreadAllocatedBytes");
    }

    /** The names of the project's own threads. */
    public static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("qk256-"))
                .toList();
    }

    /** The names of the virtual threads that have not ended. */
    public static List<String> virtualThreads() {
        String type = "com.sun.management.HotSpotDiagnosticMXBean";
        try {
            Path directory = Files.createTempDirectory("threads");
            Path dump = directory.resolve("dump");
            Class<?> format = Class.forName(type + "$ThreadDumpFormat");
            Class.forName(type)
                    .getMethod("dumpThreads", String.class, format)
                    .invoke(beans(type).getFirst(), dump.toString(), format.getEnumConstants()[0]);
            List<String> names = lines(dump).stream()
                    .map(VIRTUAL::matcher)
                    .filter(Matcher::find)
                    .map(found -> found.group(1))
                    .toList();
            Files.delete(dump);
            Files.delete(directory);
            return names;
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(type, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The open files, as the system names them; none if it does not tell. */
    public static List<String> files() {
        Path directory = PROC.resolve("fd");
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(JvmCounts::target).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path file) {
        try {
            return Files.readSymbolicLink(file).toString();
        } catch (IOException e) { // Closed meanwhile.
            return "closed";
        }
    }

    /** The number of mapped memory areas; 0 if the system does not tell. */
    public static long mappings() {
        Path maps = PROC.resolve("maps");
        return Files.exists(maps) ? lines(maps).size() : 0;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<?> beans(String type) {
        try {
            Class<?> factory = Class.forName("java.lang.management.ManagementFactory");
            return (List<?>)
                    factory.getMethod("getPlatformMXBeans", Class.class).invoke(null, Class.forName(type));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(type, e);
        }
    }

    private static Object ask(Object bean, String type, String method) {
        try {
            return Class.forName(type).getMethod(method).invoke(bean);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(type, e);
        }
    }
}
