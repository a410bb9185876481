package io.qk256.spi.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodeLocationTest {

    @TempDir
    private Path directory;

    private Path jar() throws IOException {
        Path jar = directory.resolve("a b.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("x/entry"));
            zip.write(7);
        }
        return jar;
    }

    private static byte[] bytes(CodeLocation location) throws IOException {
        try (InputStream in = location.open()) {
            return in.readAllBytes();
        }
    }

    @Test
    void aJarOfTheFileSystemIsItsPathByWhateverUrl() throws IOException {
        Path jar = jar();
        for (String url : new String[] {jar.toUri().toString(), "jar:" + jar.toUri() + "!/"}) {
            CodeLocation location = CodeLocation.of(URI.create(url).toURL());
            assertThat(location.path()).as(url).contains(jar);
            assertThat(location).hasToString(jar.toString());
            assertThat(location.file(directory)).isEqualTo(jar);
            assertThat(bytes(location)).isEqualTo(Files.readAllBytes(jar));
        }
    }

    /** As in executable jars: not a file, but bytes at a URL. */
    @Test
    void aNestedJarIsReadAndCopiedByItsUrl() throws IOException {
        byte[] content = Files.readAllBytes(jar());
        CodeLocation location = CodeLocation.of(nested("jar:nested:/app.jar/!BOOT-INF/lib/x.jar!/", content));
        assertThat(location.path()).isEmpty();
        assertThat(location).hasToString("jar:nested:/app.jar/!BOOT-INF/lib/x.jar!/");
        assertThat(bytes(location)).isEqualTo(content);
        Path copy = location.file(directory);
        assertThat(copy.getFileName().toString()).endsWith("-x.jar");
        assertThat(copy).hasBinaryContent(content);
    }

    /** It has no bytes itself, so its entries are copied. */
    @Test
    void aDirectoryWithinAJarIsCopiedEntryByEntry() throws IOException {
        jar();
        CodeLocation location = CodeLocation.of(nested("jar:nested:/app.jar/!BOOT-INF/classes/!/", new byte[0]));
        assertThatThrownBy(() -> bytes(location)).isInstanceOf(IOException.class);
        try (JarFile copy = new JarFile(location.file(directory).toFile())) {
            assertThat(copy.getInputStream(copy.getEntry("x/entry")).read()).isEqualTo(7);
        }
    }

    @Test
    void whatIsNeitherAFileNorAJarCannotBeCopied() throws IOException {
        URL url = nested("nested:/thing", new byte[0]);
        assertThatThrownBy(() -> CodeLocation.of(url).file(directory)).isInstanceOf(IOException.class);
    }

    @Test
    void aClassOfTheJdkHasNone() {
        assertThat(CodeLocation.of(String.class)).isEmpty();
        assertThat(CodeLocation.of(CodeLocationTest.class).orElseThrow().path()).isPresent();
    }

    private URL nested(String text, byte[] content) throws MalformedURLException {
        return URL.of(URI.create(text), new Nested(content, directory.resolve("a b.jar")));
    }

    /** Returns the bytes of a jar, if there are any, and the entries of another one. */
    private static final class Nested extends URLStreamHandler {

        private final byte[] content;
        private final Path entries;

        Nested(byte[] content, Path entries) {
            this.content = content;
            this.entries = entries;
        }

        @Override
        protected URLConnection openConnection(URL url) throws MalformedURLException {
            return url.getProtocol().equals("jar") ? new Inside(url) : new Bytes(url);
        }

        private final class Bytes extends URLConnection {

            Bytes(URL url) {
                super(url);
            }

            @Override
            public void connect() {}

            @Override
            public InputStream getInputStream() throws IOException {
                if (content.length == 0) {
                    throw new IOException("a directory");
                }
                return new ByteArrayInputStream(content);
            }
        }

        private final class Inside extends JarURLConnection {

            private final URL outer;

            Inside(URL url) throws MalformedURLException {
                super(URI.create("jar:file:/unused.jar!/").toURL());
                String text = url.toString();
                outer = URL.of(URI.create(text.substring("jar:".length(), text.length() - "!/".length())), Nested.this);
            }

            @Override
            public URL getJarFileURL() {
                return outer;
            }

            @Override
            public JarFile getJarFile() throws IOException {
                return new JarFile(entries.toFile());
            }

            @Override
            public void connect() {}
        }
    }
}
