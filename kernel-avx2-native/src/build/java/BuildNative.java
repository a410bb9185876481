import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Compiles {@code src/main/native} into the library for this platform, next to the class that loads it. Without a C
 * compiler, or on a machine other than x86-64, builds no library and prints why. Runs in the module's directory:
 * {@code java src/build/java/BuildNative.java}.
 */
final class BuildNative {

    private static final Path SOURCES = Path.of("src/main/native");
    private static final Path WORK = Path.of("target/native");
    private static final Path LIBRARY = Path.of("target/classes/io/qk256/avx2/jni")
            .resolve(CCompiler.os() + "-" + CCompiler.arch())
            .resolve(System.mapLibraryName("qk256_avx2"));
    private static final Path STAMP = WORK.resolve("built-from");

    /** No debug information, which would contain paths: the same sources and compiler give the same bytes. */
    private static final List<String> OPTIMIZED =
            CCompiler.with(CCompiler.COMMON, List.of("-O3", "-g0", "-fvisibility=hidden"));

    private BuildNative() {}

    public static void main(String[] args) throws IOException {
        CCompiler.step("kernel-avx2-native", BuildNative::build);
    }

    private static void build() throws IOException {
        Optional<String> obstacle = CCompiler.obstacle();
        if (obstacle.isPresent()) {
            Files.deleteIfExists(LIBRARY);
            System.out.println("kernel-avx2-native: " + obstacle.get()
                    + "; built without the native library, the kernel avx2-native will not be usable");
            return;
        }
        CCompiler compiler = CCompiler.find().orElseThrow();
        String inputs = inputs(compiler);
        if (Files.exists(LIBRARY)
                && Files.exists(STAMP)
                && Files.readString(STAMP).equals(inputs)) {
            return;
        }
        Files.deleteIfExists(STAMP);
        compile(compiler, WORK, LIBRARY);
        Files.writeString(STAMP, inputs);
    }

    /** Compiles and links, then checks every instruction of the result. */
    static void compile(CCompiler compiler, Path work, Path library) throws IOException {
        Files.createDirectories(work);
        Files.createDirectories(library.toAbsolutePath().getParent());
        if (!Disassembly.isPossible()) {
            System.out.println("kernel-avx2-native: objdump was not found; the library's instructions are not checked");
        }
        List<String> link = new ArrayList<>(linkOptions());
        List<Path> sources = compiler.compilable(CCompiler.sources(SOURCES));
        link.addAll(sources.parallelStream()
                .map(source -> compile(compiler, work, source, sources))
                .toList());
        link.addAll(List.of("-o", library.toString()));
        compiler.compile(link);
        Disassembly.check(library, Tier.AMX);
    }

    private static String compile(CCompiler compiler, Path work, Path source, List<Path> all) {
        Path object = work.resolve(source.getFileName().toString().replace(".c", ".o"));
        compiler.compile(CCompiler.with(CCompiler.definitions(all), compileArguments(source, object)));
        Disassembly.check(object, Tier.of(source));
        return object.toString();
    }

    private static List<String> compileArguments(Path source, Path object) {
        List<String> arguments = new ArrayList<>(OPTIMIZED);
        arguments.addAll(Tier.of(source).options);
        Path jni = Path.of(System.getProperty("java.home"), "include");
        for (Path directory : List.of(WORK.resolve("include"), jni, jni.resolve(jniSystem()))) {
            arguments.add("-I" + directory);
        }
        arguments.addAll(List.of("-c", source.toString(), "-o", object.toString()));
        return arguments;
    }

    private static String jniSystem() {
        return switch (CCompiler.os()) {
            case "macos" -> "darwin";
            case "windows" -> "win32";
            default -> CCompiler.os();
        };
    }

    private static List<String> linkOptions() {
        return CCompiler.os().equals("linux")
                ? List.of("-shared", "-Wl,-z,defs", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,--build-id=none")
                : List.of("-shared");
    }

    /** Hashes everything that the library depends on: commands, compiler, sources, JNI header. */
    private static String inputs(CCompiler compiler) throws IOException {
        StringBuilder inputs =
                new StringBuilder(compiler.version()).append(compiler.command()).append(CCompiler.COMMON);
        List<Path> files = new ArrayList<>();
        for (Path directory : List.of(SOURCES, WORK.resolve("include"), Path.of("src/build/java"))) {
            try (var list = Files.list(directory)) {
                list.sorted().forEach(files::add);
            }
        }
        for (Path file : files) {
            inputs.append('\n').append(file).append(' ').append(hash(Files.readAllBytes(file)));
        }
        return hash(inputs.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
