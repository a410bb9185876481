import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Compiles {@code src/main/native} into the library, beside the class that loads it. Any x86-64 will do: a compiler
 * need not run what it writes. Run by the build, in the project's directory: {@code java src/build/java/BuildNative.java}.
 */
final class BuildNative {

    private static final Path SOURCES = Path.of("src/main/native");
    private static final Path WORK = Path.of("target/native");
    private static final Path LIBRARY =
            Path.of("target/classes/com/example/avx512", System.mapLibraryName("kernel_avx512"));

    /** Contraction would fuse multiply-adds that the contract wants rounded twice. */
    private static final List<String> COMMON = List.of(
            "-std=c11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-Wall", "-Wextra");

    /** Other compilers may warn of other things, so only continuous integration asks for it. */
    private static final List<String> WERROR =
            Boolean.getBoolean("qk256.native.werror") ? List.of("-Werror") : List.of();

    /** Of the files whose names say so, and of no other: code outside them runs before the CPU is known. */
    private static final List<String> AVX512 =
            List.of("-mavx2", "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni");

    private static final String WITHOUT = "built without the native library, the kernel will not be usable";

    private static final String NEEDED = "gcc 8 or clang 7, or newer";

    /** Ends the build; the message is all that is shown. */
    private static final class BuildFailure extends RuntimeException {

        private static final long serialVersionUID = 1;

        BuildFailure(String message) {
            super(message);
        }
    }

    private BuildNative() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        try {
            build();
        } catch (BuildFailure e) {
            System.err.println("kernel-avx512-native: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void build() throws IOException, InterruptedException {
        Files.deleteIfExists(LIBRARY);
        String arch = System.getProperty("os.arch");
        if (!List.of("amd64", "x86_64").contains(arch)) {
            System.out.println("kernel-avx512-native: this machine is not x86-64 but " + arch + "; " + WITHOUT);
            return;
        }
        String os = System.getProperty("os.name");
        if (!os.equals("Linux") && !Boolean.getBoolean("qk256.native.untried")) {
            System.out.println("kernel-avx512-native: nobody has tried it on " + os + " (-Dqk256.native.untried=true does); "
                    + WITHOUT);
            return;
        }
        List<String> compiler = compiler();
        Files.createDirectories(WORK);
        Files.createDirectories(LIBRARY.getParent());
        List<String> objects = new ArrayList<>();
        for (Path source : sources()) {
            objects.add(compile(compiler, source));
        }
        run(compiler, List.of("-shared"), objects, List.of("-o", LIBRARY.toString()));
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".c")).sorted().toList();
        }
    }

    private static String compile(List<String> compiler, Path source) throws IOException, InterruptedException {
        String name = source.getFileName().toString().replace(".c", "");
        String object = WORK.resolve(name + ".o").toString();
        List<String> tier = name.endsWith("_avx512") ? AVX512 : List.of();
        run(compiler, COMMON, WERROR, tier, includes(), List.of("-c", source.toString(), "-o", object));
        check(object);
        return object;
    }

    /**
     * A masked store of a part of a vector may become one of these, which touch memory that the mask excludes: a crash
     * where that is a page of somebody else.
     */
    private static void check(String object) throws IOException, InterruptedException {
        if (runs(List.of("objdump"))) {
            Optional<String> bad = start(List.of("objdump", "-d", "--no-show-raw-insn", object)).output().lines()
                    .filter(line -> line.matches(".*\\bvextract[fi]\\d+x\\d+\\b.*\\).*\\{%k.*"))
                    .findFirst();
            if (bad.isPresent()) {
                throw new BuildFailure(object + ": " + bad.get().strip() + " writes more than its mask says;"
                        + " mask the store of the whole vector");
            }
        }
    }

    /** The headers that javac wrote, and those of the JDK. */
    private static List<String> includes() {
        Path jdk = Path.of(System.getProperty("java.home"), "include");
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String system = os.startsWith("mac") ? "darwin" : os.startsWith("windows") ? "win32" : os;
        return List.of("-I" + WORK.resolve("include"), "-I" + jdk, "-I" + jdk.resolve(system));
    }

    /** The first of CC, cc, gcc and clang that runs. */
    private static List<String> compiler() {
        return Stream.of(System.getenv("CC"), "cc", "gcc", "clang")
                .filter(Objects::nonNull)
                .map(command -> List.of(command.strip().split("\\s+")))
                .filter(BuildNative::runs)
                .findFirst()
                .orElseThrow(() -> new BuildFailure("a C compiler is needed (" + NEEDED
                        + "), and none of CC, cc, gcc and clang runs; install one, or set CC to it"));
    }

    private static boolean runs(List<String> command) {
        try {
            return start(Stream.concat(command.stream(), Stream.of("--version")).toList())
                    .exitCode() == 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    @SafeVarargs
    private static void run(List<String>... parts) throws IOException, InterruptedException {
        List<String> command = Stream.of(parts).flatMap(List::stream).toList();
        Outcome outcome = start(command);
        if (outcome.exitCode() != 0) {
            throw new BuildFailure(
                    String.join(" ", command) + "\n" + outcome.output() + "The compiler must be " + NEEDED + ".");
        }
    }

    /** What a program printed, and how it ended. */
    private record Outcome(int exitCode, String output) {}

    private static Outcome start(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        return new Outcome(process.waitFor(), output);
    }
}
