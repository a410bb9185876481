import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * What Maven Central requires of a release, and what this project promises, checked on a directory with the layout of a Maven
 * repository: {@code java .ci/ReleaseRules.java [--poms] [--release] [--signed] DIRECTORY}. With {@code --poms}, only the POMs
 * are checked, as in every build; with {@code --release}, nothing may be a snapshot; with {@code --signed}, every file needs a
 * signature. Exits with 1 and one line for each breach. See docs/releasing.md.
 */
public final class ReleaseRules {

    private final Path repository;
    private final boolean poms;
    private final boolean release;
    private final boolean signed;
    private final List<String> breaches = new ArrayList<>();
    private final Map<String, Element> projects = new HashMap<>();

    ReleaseRules(Path repository, List<String> options) {
        this.repository = repository;
        this.poms = options.contains("--poms");
        this.release = options.contains("--release");
        this.signed = options.contains("--signed");
    }

    public static void main(String[] args) throws IOException {
        List<String> options = Arrays.stream(args).filter(arg -> arg.startsWith("--")).toList();
        List<String> paths = Arrays.stream(args).filter(arg -> !arg.startsWith("--")).toList();
        if (paths.size() != 1 || !List.of("--poms", "--release", "--signed").containsAll(options)) {
            System.err.println("usage: java .ci/ReleaseRules.java [--poms] [--release] [--signed] DIRECTORY");
            System.exit(2);
        }
        List<String> breaches = new ReleaseRules(Path.of(paths.getFirst()), options).check();
        breaches.forEach(System.err::println);
        if (!breaches.isEmpty()) {
            System.err.println(breaches.size() + " breaches of the rules for releases; see docs/releasing.md");
            System.exit(1);
        }
        System.out.println("rules for releases: kept by all artifacts in " + paths.getFirst());
    }

    /** Returns the breaches: {@code artifact: rule: what was seen, what was expected}. */
    List<String> check() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(repository)) {
            files = all.filter(file -> file.toString().endsWith(".pom")).sorted().toList();
        }
        if (files.isEmpty()) {
            breaches.add(repository + ": artifacts: there is no POM, expected a Maven repository");
        }
        for (Path file : files) {
            projects.put(name(read(file)), read(file));
        }
        for (Path file : files) {
            Element project = read(file);
            pom(name(project), project);
            String packaging = text(project, "packaging");
            if (!poms && (packaging.isEmpty() || packaging.equals("jar"))) {
                artifacts(name(project), file);
            }
            if (!poms) {
                beside(name(project), file);
            }
        }
        return breaches;
    }

    private void require(boolean right, String artifact, String rule, String what) {
        if (!right) {
            breaches.add(artifact + ": " + rule + ": " + what);
        }
    }

    private void pom(String artifact, Element project) {
        // A name and a description are not those of the parent, which describe something else.
        require(!text(project, "name").isEmpty(), artifact, "name", "the POM has none; add <name>");
        require(!text(project, "description").isEmpty(), artifact, "description", "the POM has none; add <description>");
        require(!inherited(project, "url").isEmpty(), artifact, "url", "neither the POM nor its parents have one");
        for (String path : List.of("licenses/license/name", "licenses/license/url")) {
            require(!inherited(project, path).isEmpty(), artifact, "licenses", "<" + path + "> is missing");
        }
        require(
                !inherited(project, "developers/developer/name").isEmpty(),
                artifact,
                "developers",
                "<developers/developer/name> is missing");
        for (String path : List.of("scm/connection", "scm/url")) {
            require(!inherited(project, path).isEmpty(), artifact, "scm", "<" + path + "> is missing");
        }
        for (String path : List.of("repositories", "pluginRepositories")) {
            require(
                    child(project, path) == null,
                    artifact,
                    "repositories",
                    "<" + path + "> is present; a release depends on what is on Maven Central only");
        }
        if (release) {
            for (String version : versions(project)) {
                require(
                        !version.endsWith("-SNAPSHOT"),
                        artifact,
                        "snapshots",
                        "version " + version + " in the POM, expected released versions only");
            }
        }
    }

    private static TreeSet<String> versions(Element element) {
        TreeSet<String> versions = new TreeSet<>();
        var nodes = element.getElementsByTagName("version");
        for (int i = 0; i < nodes.getLength(); i++) {
            versions.add(nodes.item(i).getTextContent().strip());
        }
        return versions;
    }

    /** The jars of a module. */
    private void artifacts(String artifact, Path pom) throws IOException {
        String stem = stem(pom);
        Path jar = pom.resolveSibling(stem + ".jar");
        require(Files.exists(jar), artifact, "jar", jar.getFileName() + " is missing");
        for (String kind : List.of("sources", "javadoc")) {
            Path other = pom.resolveSibling(stem + "-" + kind + ".jar");
            boolean exists = Files.exists(other);
            require(exists, artifact, kind, other.getFileName() + " is missing; build with -Prelease");
            if (exists) {
                String content = kind.equals("sources") ? ".java" : "index.html";
                require(has(other, content), artifact, kind, other.getFileName() + " has no " + content);
                reproducible(artifact, pom, other);
            }
        }
        if (Files.exists(jar)) {
            reproducible(artifact, pom, jar);
        }
        Path sbom = pom.resolveSibling(stem + "-cyclonedx.json");
        if (Files.exists(sbom)) {
            String text = Files.readString(sbom);
            String id = pom.getParent().getParent().getFileName().toString();
            require(
                    text.contains("\"CycloneDX\"") && text.contains("pkg:maven/io.qk256/" + id + "@"),
                    artifact,
                    "sbom",
                    sbom.getFileName() + " does not describe io.qk256:" + id);
        } else {
            require(false, artifact, "sbom", sbom.getFileName() + " is missing; build with -Prelease");
        }
    }

    private static boolean has(Path jar, String end) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            return zip.stream().anyMatch(entry -> entry.getName().endsWith(end));
        }
    }

    /** The entries of a jar have the time that the POM states, not that of the build; {@code .ci/reproducible} compares bytes. */
    private void reproducible(String artifact, Path pom, Path jar) throws IOException {
        String time = inherited(read(pom), "properties/project.build.outputTimestamp");
        require(!time.isEmpty(), artifact, "reproducible", "the POM has no project.build.outputTimestamp");
        if (time.isEmpty()) {
            return;
        }
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                Instant seen = entry.getTimeLocal().toInstant(java.time.ZoneOffset.UTC);
                if (!seen.equals(Instant.parse(time))) {
                    require(
                            false,
                            artifact,
                            "reproducible",
                            jar.getFileName() + ": " + entry.getName() + " has the time " + seen + ", expected " + time);
                    return;
                }
            }
        }
    }

    /** The checksums and the signature of each file. */
    private void beside(String artifact, Path pom) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(pom.getParent())) {
            files = all.filter(file -> file.getFileName().toString().startsWith(stem(pom)))
                    .filter(file -> !file.toString().matches(".*\\.(md5|sha1|sha256|sha512|asc)"))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            for (String kind : List.of("md5", "sha1")) {
                Path sum = file.resolveSibling(file.getFileName() + "." + kind);
                boolean right = Files.exists(sum)
                        && Files.readString(sum).strip().startsWith(digest(file, kind.equals("md5") ? "MD5" : "SHA-1"));
                require(right, artifact, "checksums", sum.getFileName() + " is missing or wrong");
            }
            Path signature = file.resolveSibling(file.getFileName() + ".asc");
            require(
                    !signed || Files.exists(signature) && Files.readString(signature).contains("BEGIN PGP SIGNATURE"),
                    artifact,
                    "signatures",
                    signature.getFileName() + " is missing or no signature; build with -Psign");
        }
    }

    private static String digest(Path file, String algorithm) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String stem(Path pom) {
        String name = pom.getFileName().toString();
        return name.substring(0, name.length() - ".pom".length());
    }

    private static Element read(Path pom) {
        try {
            byte[] bytes = Files.readString(pom, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return factory.newDocumentBuilder().parse(new ByteArrayInputStream(bytes)).getDocumentElement();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Exception e) {
            throw new IllegalArgumentException(pom + ": no valid POM: " + e.getMessage(), e);
        }
    }

    private static String name(Element project) {
        return text(project, "artifactId");
    }

    /** The value at a path, in the POM or the nearest parent that has it. */
    private String inherited(Element project, String path) {
        Element at = project;
        for (int depth = 0; at != null && depth < 10; depth++) {
            String value = text(at, path);
            if (!value.isEmpty()) {
                return value;
            }
            at = projects.get(text(at, "parent/artifactId"));
        }
        return "";
    }

    private static String text(Element element, String path) {
        Element at = element;
        for (String step : path.split("/")) {
            at = at == null ? null : child(at, step);
        }
        return at == null ? "" : at.getTextContent().strip();
    }

    private static Element child(Element parent, String name) {
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                return element;
            }
        }
        return null;
    }
}
