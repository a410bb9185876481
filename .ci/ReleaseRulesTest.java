import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Each rule for releases finds its breach, and nothing else: {@code java .ci/ReleaseRulesTest.java}. */
public final class ReleaseRulesTest {

    private static final String POM = """
            <project>
              <groupId>io.qk256</groupId>
              <artifactId>good</artifactId>
              <version>1.0</version>
              <name>Good</name>
              <description>Good in all respects.</description>
              <url>https://example.com</url>
              <licenses><license><name>A</name><url>https://example.com/l</url></license></licenses>
              <developers><developer><name>D</name></developer></developers>
              <scm><connection>scm:git:x</connection><url>https://example.com</url></scm>
              <properties><project.build.outputTimestamp>2026-01-01T00:00:00Z</project.build.outputTimestamp></properties>
            </project>
            """;

    private static final String STEM = "io/qk256/good/1.0/good-1.0";
    private static final String SBOM = "{\"bomFormat\": \"CycloneDX\", \"purl\": \"pkg:maven/io.qk256/good@1.0?type=jar\"}";

    private int failed;
    private int passed;

    /** What is done to a good repository. */
    private interface Change {
        void apply(Path repository) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        ReleaseRulesTest test = new ReleaseRulesTest();
        test.all();
        System.out.println("rules for releases: " + test.passed + " passed, " + test.failed + " failed");
        System.exit(test.failed == 0 ? 0 : 1);
    }

    private void all() throws Exception {
        expect("", repository -> {});
        for (String element : List.of("name", "description", "url", "licenses", "developers", "scm")) {
            expect(element, repository -> pom(repository, POM.replaceAll("(?m)^  <" + element + ">.*\\n", "")));
        }
        expect("licenses", repository -> pom(repository, POM.replace("<url>https://example.com/l</url>", "")));
        expect("scm", repository -> pom(repository, POM.replace("<connection>scm:git:x</connection>", "")));
        expect("repositories", repository -> pom(repository, POM.replace("<scm>", "<repositories/><scm>")));
        expect("snapshots", repository -> pom(
                repository,
                POM.replace(
                        "<scm>",
                        "<dependencies><dependency><version>2-SNAPSHOT</version></dependency></dependencies><scm>")));
        for (String kind : List.of("jar", "sources", "javadoc")) {
            String suffix = kind.equals("jar") ? ".jar" : "-" + kind + ".jar";
            expect(kind, repository -> delete(repository, suffix));
        }
        expect("sources", repository -> jar(repository, "-sources.jar", "A.class", 2026));
        expect("javadoc", repository -> jar(repository, "-javadoc.jar", "A.class", 2026));
        expect("reproducible", repository -> jar(repository, ".jar", "A.class", 2025));
        expect("sbom", repository -> delete(repository, "-cyclonedx.json"));
        expect("sbom", repository -> write(repository, "-cyclonedx.json", SBOM.replace("good", "other")));
        expect("checksums", repository -> Files.delete(repository.resolve(STEM + ".jar.sha1")));
        expect("checksums", repository -> Files.writeString(repository.resolve(STEM + ".jar.md5"), "0"));
        expect("signatures", repository -> Files.delete(repository.resolve(STEM + ".pom.asc")));
        expect("signatures", repository -> Files.writeString(repository.resolve(STEM + ".jar.asc"), "none"));
        expect("artifacts", repository -> delete(repository, ".pom"));
    }

    /** Expects that exactly this rule is broken; none if it is empty. */
    private void expect(String rule, Change change) throws Exception {
        Path repository = Files.createTempDirectory("release-rules-");
        try {
            good(repository);
            change.apply(repository);
            List<String> breaches = new ReleaseRules(repository, List.of("--release", "--signed")).check();
            boolean right = rule.isEmpty()
                    ? breaches.isEmpty()
                    : !breaches.isEmpty() && breaches.stream().allMatch(line -> line.contains(": " + rule + ": "));
            if (right) {
                passed++;
            } else {
                failed++;
                System.err.println("expected a breach of '" + rule + "', seen: " + breaches);
            }
        } finally {
            try (Stream<Path> files = Files.walk(repository)) {
                for (Path file : new ArrayList<>(files.sorted(Comparator.reverseOrder()).toList())) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void good(Path repository) throws Exception {
        Files.createDirectories(repository.resolve(STEM).getParent());
        pom(repository, POM);
        jar(repository, ".jar", "A.class", 2026);
        jar(repository, "-sources.jar", "A.java", 2026);
        jar(repository, "-javadoc.jar", "index.html", 2026);
        write(repository, "-cyclonedx.json", SBOM);
    }

    private static void pom(Path repository, String text) throws Exception {
        write(repository, ".pom", text);
    }

    private static void jar(Path repository, String suffix, String entry, int year) throws Exception {
        Path file = repository.resolve(STEM + suffix);
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            ZipEntry one = new ZipEntry(entry);
            one.setTimeLocal(LocalDateTime.of(year, 1, 1, 0, 0));
            zip.putNextEntry(one);
        }
        sums(file);
    }

    private static void write(Path repository, String suffix, String text) throws Exception {
        sums(Files.writeString(repository.resolve(STEM + suffix), text));
    }

    private static void sums(Path file) throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        for (String algorithm : List.of("MD5", "SHA-1")) {
            String sum = HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
            Files.writeString(Path.of(file + "." + algorithm.toLowerCase(java.util.Locale.ROOT).replace("-", "")), sum);
        }
        Files.writeString(Path.of(file + ".asc"), "-----BEGIN PGP SIGNATURE-----");
    }

    private static void delete(Path repository, String suffix) throws IOException {
        for (String more : List.of("", ".md5", ".sha1", ".asc")) {
            Files.delete(repository.resolve(STEM + suffix + more));
        }
    }
}
