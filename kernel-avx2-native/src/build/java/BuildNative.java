import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Compiles {@code src/main/native} into the library of this platform, beside the class that loads it. Without a C
 * compiler, or not on x86-64, there is no library, and the build says so. Runs in the module's directory:
 * {@code java src/build/java/BuildNative.java}.
 */
final class BuildNative {

    private static final Path SOURCES = Path.of("src/main/native");
    private static final Path WORK = Path.of("target/native");
    private static final Path LIBRARY = Path.of("target/classes/io/qk256/avx2/jni")
            .resolve(CCompiler.os() + "-" + CCompiler.arch())
            .resolve(System.mapLibraryName("qk256_avx2"));
    private static final Path STAMP = WORK.resolve("built-from");

    /** AVX-512: wider registers, more of them, and masks. */
    private static final String AVX512 = "%(zmm\\d+|[xy]mm(1[6-9]|2\\d|3[01])|k[0-7])\\b";

    /** AVX-512 beyond F, BW, VL and VNNI: DQ, and what works on bytes and bits (VBMI and the like) or half precision. */
    private static final Pattern BEYOND_AVX512_VNNI = Pattern.compile("\\b(v(and|andn|or|xor)p[sd]\\b.*%zmm"
            + "|v(insert|extract|broadcast)[fi](64x2|32x8|32x2)|vpmullq|vcvt\\w*qq\\w*|v(range|reduce|fpclass)\\w+"
            + "|vpmov([dq]2m|m2[dq])|k(\\w+)b\\b|vpmadd52\\w+|vperm[it]?2?b\\b|vpmultishiftqb|vpsh[lr]d\\w*"
            + "|vp(compress|expand)[bw]|vpopcnt\\w+|vpshufbitqmb|vdpbf16ps|vcvtne\\w+|v\\w+[ps]h\\b)");

    private static final Pattern BEYOND_AVX_VNNI = Pattern.compile(AVX512);
    private static final Pattern BEYOND_AVX2 = Pattern.compile(AVX512 + "|\\bvpdp\\w+");

    /** Everything outside a tier runs before the CPU is known. */
    private static final Pattern BEYOND_BASELINE = Pattern.compile("%[yz]mm");

    /** No debug information, which would hold paths: the same sources and compiler give the same bytes. */
    private static final List<String> OPTIMIZED =
            CCompiler.with(CCompiler.COMMON, List.of("-O3", "-g0", "-fvisibility=hidden"));

    private BuildNative() {}

    public static void main(String[] args) throws IOException {
        CCompiler.step("kernel-avx2-native", BuildNative::build);
    }

    private static void build() throws IOException {
        Optional<CCompiler> compiler = CCompiler.isX86() ? CCompiler.find() : Optional.empty();
        if (compiler.isEmpty()) {
            Files.deleteIfExists(LIBRARY);
            String reason = CCompiler.isX86()
                    ? "no C compiler was found (CC, cc, gcc, clang)"
                    : "this machine is not x86-64 but " + CCompiler.arch();
            System.out.println("kernel-avx2-native: " + reason
                    + "; built without the native library, the kernel avx2-native will not be usable");
            return;
        }
        String inputs = inputs(compiler.get());
        if (Files.exists(LIBRARY)
                && Files.exists(STAMP)
                && Files.readString(STAMP).equals(inputs)) {
            return;
        }
        Files.deleteIfExists(STAMP);
        compile(compiler.get());
        Files.writeString(STAMP, inputs);
    }

    private static void compile(CCompiler compiler) throws IOException {
        Files.createDirectories(WORK);
        Files.createDirectories(LIBRARY.getParent());
        boolean disassembles = CCompiler.succeeds(List.of("objdump", "--version"), Map.of());
        if (!disassembles) {
            System.out.println("kernel-avx2-native: objdump was not found; the library's instructions are not checked");
        }
        List<String> link = new ArrayList<>(linkOptions());
        List<Path> sources = compiler.compilable(CCompiler.sources(SOURCES));
        for (Path source : sources) {
            Path object = WORK.resolve(source.getFileName().toString().replace(".c", ".o"));
            compiler.compile(CCompiler.with(CCompiler.definitions(sources), compileArguments(source, object)));
            if (disassembles) {
                refuse(object, beyondTierOf(source));
            }
            link.add(object.toString());
        }
        link.addAll(List.of("-o", LIBRARY.toString()));
        compiler.compile(link);
        if (disassembles) {
            refuse(LIBRARY, BEYOND_AVX512_VNNI);
        }
    }

    private static List<String> compileArguments(Path source, Path object) {
        List<String> arguments = new ArrayList<>(OPTIMIZED);
        arguments.addAll(CCompiler.tierOptions(source));
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

    private static Pattern beyondTierOf(Path source) {
        return switch (CCompiler.tier(source)) {
            case "avx2" -> BEYOND_AVX2;
            case CCompiler.AVX_VNNI -> BEYOND_AVX_VNNI;
            case CCompiler.AVX512_VNNI -> BEYOND_AVX512_VNNI;
            default -> BEYOND_BASELINE;
        };
    }

    /** Disassembles: machine code of a wider tier than the file's would be a crash on some other machine. */
    private static void refuse(Path binary, Pattern beyond) {
        CCompiler.Outcome disassembly = CCompiler.run(List.of("objdump", "-d", binary.toString()), Map.of())
                .orElseThrow(() -> new CCompiler.BuildFailure("objdump does not run"));
        if (disassembly.exitCode() != 0) {
            throw new CCompiler.BuildFailure("objdump -d " + binary + ": " + disassembly.output());
        }
        Optional<String> refused =
                disassembly.output().lines().filter(beyond.asPredicate()).findFirst();
        if (refused.isPresent()) {
            throw new CCompiler.BuildFailure(binary + " goes beyond its tier: "
                    + refused.get().strip().replace('\t', ' ') + "; give the compiler no -m options beyond the tier's");
        }
    }

    /** Names everything that the library depends on: commands, compiler, sources, JNI header. */
    private static String inputs(CCompiler compiler) throws IOException {
        StringBuilder inputs = new StringBuilder(compiler.version()).append(compiler.command());
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
