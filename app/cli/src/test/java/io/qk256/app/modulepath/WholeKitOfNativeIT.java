package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.testing.Effort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * {@code avx2-native}, on each tier that this machine can run. Then the same on the library built by another compiler, if
 * there is one: the rules that machine code can break, and with {@code -Dqk256.tests=long} all of them.
 */
class WholeKitOfNativeIT extends WholeKit {

    private static final Path NATIVE = TARGET.resolve("../../../kernel-avx2-native/target");

    /**
     * As unit tests do, which saves a fifth of the kit's time. Not for kernels in Java: what they allocate until they are
     * optimized can look like a leak.
     */
    private static final List<String> OPTIMIZE_LATE = Stream.of(
                    System.getProperty("qk256.optimize-late", "").split(" "))
            .filter(option -> !option.isEmpty())
            .toList();

    static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        Map<String, Path> others = otherLibraries();
        List<String> tiers = new ArrayList<>(List.of("avx2", "avx-vnni", "avx512-vnni"));
        if (Effort.isEverything()) {
            tiers.add("amx"); // Off unless it is named, until it has been proved on hardware.
        }
        for (String tier : tiers) {
            List<String> options = new ArrayList<>(OPTIMIZE_LATE);
            options.add("-Dqk256.native.tier=" + tier);
            cases.add(new Case("avx2-native", tier, "", List.copyOf(options)));
            others.forEach((compiler, file) -> {
                List<String> ofOther = new ArrayList<>(options);
                ofOther.add("-Dqk256.native.path=" + file);
                cases.add(new Case("avx2-native", tier, compiler, ofOther));
            });
        }
        return cases;
    }

    /** Built by the native module's own check. */
    private static Map<String, Path> otherLibraries() throws IOException {
        assertThat(NATIVE.resolve("../pom.xml")).exists();
        Path made = NATIVE.resolve("native/check");
        if (!Files.isDirectory(made)) {
            return Map.of();
        }
        Optional<Path> shipped = library(NATIVE.resolve("classes"));
        try (Stream<Path> compilers = Files.list(made)) {
            Map<String, Path> others = new TreeMap<>();
            for (Path compiler : compilers.filter(Files::isDirectory).toList()) {
                Optional<Path> other = library(compiler);
                if (other.isPresent() && shipped.isPresent() && !sameBytes(other.get(), shipped.get())) {
                    others.put(compiler.getFileName().toString(), other.get().toRealPath());
                }
            }
            return others;
        }
    }

    private static Optional<Path> library(Path below) throws IOException {
        try (Stream<Path> files = Files.walk(below)) {
            return files.filter(file -> file.endsWith(System.mapLibraryName("qk256_avx2")))
                    .findFirst();
        }
    }

    private static boolean sameBytes(Path one, Path other) throws IOException {
        return Arrays.equals(Files.readAllBytes(one), Files.readAllBytes(other));
    }
}
