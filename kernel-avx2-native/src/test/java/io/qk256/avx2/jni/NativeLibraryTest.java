package io.qk256.avx2.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.support.Environment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the library is searched for, and the messages if it is missing. The test stands in for the system's linker. */
class NativeLibraryTest {

    private static final byte[] CONTENT = "a library".getBytes(StandardCharsets.UTF_8);
    private static final Optional<byte[]> IN_JAR = Optional.of(CONTENT);
    private static final String NOEXEC = "failed to map segment from shared object";
    private static final String NOEXEC_EXPLAINED = NOEXEC + " (a file system that is mounted noexec?)";

    @TempDir
    private Path directory;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> loaded = new ArrayList<>();

    @BeforeEach
    void everyDirectoryIsInTheTestsOwn() {
        properties.put("user.home", directory.resolve("home").toString());
        properties.put("user.name", "alice");
        properties.put("java.io.tmpdir", directory.resolve("tmp").toString());
    }

    private NativeLibrary library(Predicate<Path> loads) {
        NativeLibrary.Linker linker = new NativeLibrary.Linker() {
            @Override
            public void load(Path file) {
                if (!loads.test(file)) {
                    throw new UnsatisfiedLinkError(file + ": " + file + ": " + NOEXEC);
                }
                assertThat(file).exists();
                loaded.add(file.toString());
            }

            @Override
            public void loadLibrary(String name) {
                if (!"true".equals(properties.get("on the library path"))) {
                    throw new UnsatisfiedLinkError("no " + name + " in java.library.path: /usr/lib");
                }
                loaded.add(name);
            }
        };
        return new NativeLibrary(
                new Platform("linux", "x86_64"),
                Environment.of(properties::get),
                Environment.of(environment::get),
                linker);
    }

    private NativeLibrary library() {
        return library(file -> true);
    }

    @Test
    void aGivenPathComesFirst() throws Exception {
        Path given = Files.writeString(directory.resolve("mine.so"), "mine");
        properties.put("qk256.native.path", given.toString());
        properties.put("on the library path", "true");

        assertThat(library().find(IN_JAR)).isEqualTo(given.toString());
        assertThat(loaded).containsExactly(given.toString());
    }

    @Test
    void aGivenPathWithoutAFileIsAnError() {
        properties.put("qk256.native.path", "/nowhere/lib.so");

        assertThatThrownBy(() -> library().find(IN_JAR))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage("-Dqk256.native.path=/nowhere/lib.so: there is no such file; name the library itself, or"
                        + " leave it out");
        assertThat(loaded).isEmpty();
    }

    @Test
    void aGivenFileThatDoesNotLoadIsAnErrorInTheSystemsWords() throws Exception {
        Path given = Files.writeString(directory.resolve("mine.so"), "mine");
        properties.put("qk256.native.path", given.toString());
        properties.put("on the library path", "true");

        assertThatThrownBy(() -> library(file -> false).find(IN_JAR))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage("-Dqk256.native.path=" + given + ": " + given + ": " + NOEXEC_EXPLAINED
                        + "; name a library that was built for linux-x86_64, or leave it out")
                .hasCauseInstanceOf(UnsatisfiedLinkError.class);
        assertThat(loaded).isEmpty();
    }

    @Test
    void theLibraryPathComesSecond() throws Exception {
        properties.put("on the library path", "true");

        assertThat(library().find(IN_JAR)).isEqualTo("java.library.path");
        assertThat(loaded).containsExactly("qk256_avx2");
    }

    @Test
    void theJarComesThirdByWayOfTheUsersCache() throws Exception {
        assertThat(library().find(IN_JAR)).isEqualTo("its jar");

        assertLoadedFrom(directory.resolve("home/.cache/qk256"));
    }

    @Test
    void theDirectoryOfTheProjectHoldsTheLibraryToo() throws Exception {
        environment.put("QK256_CACHE_DIR", directory.resolve("project").toString());

        library().find(IN_JAR);

        assertLoadedFrom(directory.resolve("project"));
    }

    @Test
    void aBlankDirectoryIsNone() throws Exception {
        environment.put("QK256_NATIVE_DIR", "");
        environment.put("QK256_CACHE_DIR", " ");
        properties.put("qk256.native.dir", "");
        properties.put("qk256.native.path", "");

        library().find(IN_JAR);

        assertLoadedFrom(directory.resolve("home/.cache/qk256"));
    }

    @Test
    void theDirectoryCanBeConfigured() throws Exception {
        environment.put("QK256_CACHE_DIR", directory.resolve("project").toString());
        environment.put("QK256_NATIVE_DIR", directory.resolve("variable").toString());
        library().find(IN_JAR);
        assertLoadedFrom(directory.resolve("variable"));

        properties.put("qk256.native.dir", directory.resolve("property").toString());
        library().find(IN_JAR);
        assertLoadedFrom(directory.resolve("property"));
    }

    @Test
    void theTemporaryDirectoryServesIfTheCacheCannotRunCode() throws Exception {
        Path cache = directory.resolve("home/.cache");

        library(file -> !file.startsWith(cache)).find(IN_JAR);

        assertLoadedFrom(directory.resolve("tmp/qk256-alice"));
        assertThat(cache.resolve("qk256")).isEmptyDirectory();
    }

    /** The last file that was loaded; it is deleted when no longer needed. */
    private void assertLoadedFrom(Path expected) {
        assertThat(Path.of(loaded.getLast()).getParent()).isEqualTo(expected);
        assertThat(expected).isEmptyDirectory();
    }

    @Test
    void everyFailedStepIsNamedWithItsReason() throws Exception {
        Files.writeString(directory.resolve("home"), "a file where the home directory should be");
        Path temporary = directory.resolve("tmp/qk256-alice");

        assertThatThrownBy(() -> library(file -> false).find(IN_JAR))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessageStartingWith("the native library could not be loaded: it is not on java.library.path; ")
                .hasMessageContaining(directory.resolve("home").toString())
                .hasMessageContaining("; " + temporary + "/qk256-")
                .hasMessageContaining(": " + NOEXEC_EXPLAINED + "; ")
                .hasMessageEndingWith("; set -Dqk256.native.dir=DIR (or QK256_NATIVE_DIR) to a directory that this user"
                        + " may write to and run code from, or -Dqk256.native.path=FILE to the library");
    }

    @Test
    void aConfiguredDirectoryThatFailsIsNotReplacedByAnother() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "not a directory");
        properties.put("qk256.native.dir", file.toString());

        assertThatThrownBy(() -> library().find(IN_JAR))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessageContaining(file.toString());
        assertThat(loaded).isEmpty();
    }

    @Test
    void aJarWithoutTheLibrarySaysHowToGetOne() {
        assertThatThrownBy(() -> library(file -> true).find(Optional.empty()))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage(
                        "this jar was built without its native library for linux-x86_64 (no C compiler was found, or"
                                + " it was built on another system), and it is not on java.library.path; install gcc or"
                                + " clang and rebuild, or set -Dqk256.native.path=FILE");
    }

    @Test
    void aMachineThatIsNotX86SaysSo() {
        NativeLibrary.Linker none = new NativeLibrary.Linker() {
            @Override
            public void load(Path file) {
                throw new AssertionError(file);
            }

            @Override
            public void loadLibrary(String name) {
                throw new UnsatisfiedLinkError("no " + name);
            }
        };
        NativeLibrary library = new NativeLibrary(
                new Platform("linux", "aarch64"), name -> Optional.empty(), name -> Optional.empty(), none);

        assertThatThrownBy(() -> library.find(Optional.empty()))
                .hasMessage("this kernel is machine code for x86_64, and this JVM runs on linux-aarch64; use another"
                        + " kernel");
    }

    @Test
    void aJvmThatForbidsNativeAccessSaysWhatToAllow() {
        NativeLibrary.Linker forbidden = new NativeLibrary.Linker() {
            @Override
            public void load(Path file) {
                throw new IllegalCallerException("Illegal native access from module io.qk256.avx2.jni");
            }

            @Override
            public void loadLibrary(String name) {
                throw new IllegalCallerException("Illegal native access from module io.qk256.avx2.jni");
            }
        };
        NativeLibrary library = new NativeLibrary(
                new Platform("linux", "x86_64"), name -> Optional.empty(), name -> Optional.empty(), forbidden);

        assertThatThrownBy(() -> library.find(IN_JAR))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessageContaining("; start it with --enable-native-access=");
    }

    @Test
    void aLibraryOfAnotherBuildIsRefused() throws Exception {
        NativeLibrary.requireAbi("/x/lib.so", Native.ABI);

        assertThatThrownBy(() -> NativeLibrary.requireAbi("/x/lib.so", Native.ABI + 1))
                .isInstanceOf(KernelUnavailableException.class)
                .hasMessage("the native library from /x/lib.so has interface version " + (Native.ABI + 1)
                        + ", this module needs " + Native.ABI + "; remove it, or use the one from the same build");
    }
}
