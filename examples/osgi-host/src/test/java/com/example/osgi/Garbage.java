package com.example.osgi;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What must not remain of kernels that are gone. */
public final class Garbage {

    private Garbage() {}

    /** The number of class loaders that are still there after the garbage collector has done what it can. */
    public static long remaining(List<WeakReference<ClassLoader>> loaders) throws InterruptedException {
        long left = loaders.size();
        for (int i = 0; i < 50 && left > 0; i++) {
            System.gc();
            Thread.sleep(20);
            left = loaders.stream().filter(loader -> loader.get() != null).count();
        }
        return left;
    }

    /** The native libraries of kernels in this process, if they are more than allowed even after the JVM had time to unload. */
    public static Set<String> libraries(int allowed) throws IOException, InterruptedException {
        Path maps = Path.of("/proc/self/maps");
        if (!Files.exists(maps)) {
            return Set.of();
        }
        Set<String> seen = libraries(maps);
        for (int i = 0; i < 1000 && seen.size() > allowed; i++) {
            System.gc(); // What the decoder used last has become garbage since.
            Thread.sleep(20); // The JVM unloads the library of a class loader some time after it has collected the loader.
            seen = libraries(maps);
        }
        return seen.size() > allowed ? seen : Set.of();
    }

    private static Set<String> libraries(Path maps) throws IOException {
        try (Stream<String> lines = Files.lines(maps)) {
            return lines.filter(line -> line.contains("qk256") && line.contains(".so"))
                    .map(line -> line.substring(line.indexOf('/')))
                    .collect(Collectors.toSet());
        }
    }
}
