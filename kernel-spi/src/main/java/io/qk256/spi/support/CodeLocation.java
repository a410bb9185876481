package io.qk256.spi.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.CodeSource;
import java.util.Collections;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Where classes come from: a jar, a directory, or a jar within another jar, as in executable jars. Nested jars are not
 * files, so they are read through the URL that their class loader gives them. Immutable and thread-safe.
 */
public final class CodeLocation {

    private final URL url;

    private CodeLocation(URL url) {
        this.url = url;
    }

    /** Returns where a class comes from, if its class loader says. */
    public static Optional<CodeLocation> of(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return Optional.ofNullable(source).map(CodeSource::getLocation).map(CodeLocation::new);
    }

    /** Returns the location of a URL. */
    public static CodeLocation of(URL url) {
        return new CodeLocation(url);
    }

    /** The jar or the directory, if it is in the file system. */
    public Optional<Path> path() {
        try {
            URL file = jar();
            return file.getProtocol().equals("file") ? Optional.of(Path.of(file.toURI())) : Optional.empty();
        } catch (IOException | URISyntaxException | IllegalArgumentException e) { // Not every URL is a URI.
            return Optional.empty();
        }
    }

    /**
     * Opens the bytes of the jar.
     *
     * @throws IOException if it is not a jar, or cannot be read
     */
    public InputStream open() throws IOException {
        Optional<Path> path = path();
        return path.isPresent() ? Files.newInputStream(path.get()) : jar().openStream();
    }

    /** {@code jar:URL!/} is the inside of the jar at that URL, whatever its protocol. */
    private URL jar() throws IOException {
        return url.getProtocol().equals("jar")
                        && url.openConnection() instanceof JarURLConnection connection
                        && connection.getEntryName() == null
                ? connection.getJarFileURL()
                : url;
    }

    /**
     * Returns the jar or directory as a file or directory that another JVM can use.
     *
     * @param directory where a copy goes if one is needed
     * @throws IOException if it cannot be copied
     */
    public Path file(Path directory) throws IOException {
        Optional<Path> path = path();
        if (path.isPresent()) {
            return path.get().toAbsolutePath();
        }
        String name = jar().getPath();
        Path copy = Files.createTempFile(directory, "", "-" + name.substring(name.lastIndexOf('/') + 1));
        try (InputStream in = open()) {
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            if (!(url.openConnection() instanceof JarURLConnection connection)) {
                throw e;
            }
            try (OutputStream out = Files.newOutputStream(copy)) {
                copy(connection.getJarFile(), out);
            }
        }
        return copy;
    }

    /** Copies entry by entry: what a class loader treats as a jar may be a directory within one, which has no bytes. */
    private static void copy(JarFile jar, OutputStream out) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (ZipEntry entry : Collections.list(jar.entries())) {
                zip.putNextEntry(new ZipEntry(entry.getName()));
                try (InputStream in = jar.getInputStream(entry)) {
                    in.transferTo(zip);
                }
            }
        }
    }

    /** The path, or the URL if there is no path. */
    @Override
    public String toString() {
        return path().map(Path::toString).orElseGet(url::toString);
    }
}
