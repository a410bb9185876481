package io.qk256.spi.support;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The class path for a child JVM that must find the same classes as this one. */
public final class ChildClassPath {

    private ChildClassPath() {}

    /**
     * Returns the class path of the command line that started this JVM; empty if there was none.
     */
    public static List<Path> ofSystem() {
        return Arrays.stream(System.getProperty("java.class.path", "").split(File.pathSeparator))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry).toAbsolutePath())
                .toList();
    }

    /**
     * Returns everything that the context class loader of the calling thread, and that of this class, can find.
     * Executable jars, servers and notebooks have their own class loaders, most of which expose their URLs.
     *
     * @param directory where copies of nested jars go
     * @throws IOException if a class loader does not expose its URLs, or a copy cannot be made
     */
    public static List<Path> ofApplication(Path directory) throws IOException {
        Set<ClassLoader> loaders = new LinkedHashSet<>();
        addAll(loaders, Thread.currentThread().getContextClassLoader());
        addAll(loaders, ChildClassPath.class.getClassLoader());
        List<Path> files = new ArrayList<>();
        for (ClassLoader loader : loaders) {
            if (!(loader instanceof URLClassLoader urls)) {
                throw new IOException(
                        "the class loader " + loader.getClass().getName() + " does not expose its class path");
            }
            for (URL url : urls.getURLs()) {
                files.add(CodeLocation.of(url).file(directory));
            }
        }
        files.addAll(ofSystem());
        return files;
    }

    /** Adds a class loader and its parents, except those that the JVM starts with. */
    private static void addAll(Set<ClassLoader> loaders, @Nullable ClassLoader first) {
        ClassLoader loader = first;
        while (loader != null
                && !loader.equals(ClassLoader.getSystemClassLoader())
                && !loader.equals(ClassLoader.getPlatformClassLoader())) {
            loaders.add(loader);
            loader = loader.getParent();
        }
    }

    /** Returns the class path as one argument. */
    public static String join(List<Path> files) {
        return files.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
}
