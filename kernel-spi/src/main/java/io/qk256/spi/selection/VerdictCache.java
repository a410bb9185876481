package io.qk256.spi.selection;

import io.qk256.spi.Contract;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.support.CacheDirectory;
import io.qk256.spi.support.Environment;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Keeps what was found out about a kernel on this machine for the next start, in small properties files in one
 * directory. An entry that is damaged or from another machine is ignored. If there is no writable directory, nothing is
 * kept and everything else works. Thread-safe, and safe for several processes.
 */
public final class VerdictCache {

    /** The system property that names the directory. */
    public static final String DIRECTORY = CacheDirectory.PROPERTY;

    /** The environment variable that names the directory. */
    public static final String DIRECTORY_VARIABLE = CacheDirectory.VARIABLE;

    private static final String FACT = "for.";
    private static final String VALUE = "value.";

    private final Path directory;
    private volatile Optional<IOException> problem = Optional.empty();

    private VerdictCache(Path directory) {
        this.directory = directory;
    }

    /** Returns a cache in a directory, which is created when needed. */
    public static VerdictCache in(Path directory) {
        return new VerdictCache(directory);
    }

    /**
     * Returns the cache in the user's directory: the one that the system property {@value #DIRECTORY} names, otherwise
     * the environment variable {@value #DIRECTORY_VARIABLE}, otherwise {@code qk256} in the user's cache directory.
     * Empty if none of them is known.
     */
    public static Optional<VerdictCache> ofUser() {
        return directory(System.getProperty("os.name", ""), Environment::property, Environment::variable)
                .map(VerdictCache::new);
    }

    static Optional<Path> directory(
            String osName,
            Function<String, Optional<String>> properties,
            Function<String, Optional<String>> environment) {
        return CacheDirectory.find(osName, properties, environment);
    }

    /**
     * What a verdict depends on: the provider and the content of its file, the CPU, the JVM and the contract version.
     *
     * @param facts the facts by name
     */
    public record Key(Map<String, String> facts) {

        /** Creates a key. */
        public Key {
            facts = Map.copyOf(facts);
        }

        /**
         * Returns the key for a kernel on this machine; empty if the content of its file is unknown.
         *
         * @param source the kernel
         * @param cpu what is known about the CPU
         * @param cpuName the name of the CPU
         */
        public static Optional<Key> of(KernelSource source, CpuFeatures cpu, String cpuName) {
            return source.artifact()
                    .sha256()
                    .map(hash -> ofMachine(cpu, cpuName)
                            .with("provider", source.label())
                            .with("sha256", hash)
                            .with("native", String.valueOf(source.artifact().nativeAccess())));
        }

        /** Returns the key for several kernels together on this machine; empty if the content of a file is unknown. */
        static Optional<Key> of(List<Candidate> kernels, CpuFeatures cpu, String cpuName) {
            Key key = ofMachine(cpu, cpuName);
            for (Candidate kernel : kernels) {
                Optional<String> hash = kernel.artifact().sha256();
                if (hash.isEmpty()) {
                    return Optional.empty();
                }
                key = key.with("sha256." + kernel.name(), hash.get());
            }
            return Optional.of(key);
        }

        private static Key ofMachine(CpuFeatures cpu, String cpuName) {
            Map<String, String> facts = new TreeMap<>();
            facts.put("cpu", cpuName);
            facts.put("features", features(cpu));
            facts.put("contract", Contract.VERSION);
            for (String property : new String[] {"java.vm.name", "java.vm.vendor", "java.runtime.version"}) {
                facts.put(property, System.getProperty(property, ""));
            }
            facts.put("os", System.getProperty("os.name", "") + " " + System.getProperty("os.arch", ""));
            return new Key(facts);
        }

        private static String features(CpuFeatures cpu) {
            return Arrays.stream(CpuFeature.values())
                    .map(feature -> feature.label() + ":" + cpu.presence(feature))
                    .collect(Collectors.joining(" "));
        }

        /** Returns the key with one more fact. */
        public Key with(String name, String value) {
            Map<String, String> more = new TreeMap<>(facts);
            more.put(name, value);
            return new Key(more);
        }

        private String hash() {
            String text = new TreeMap<>(facts).toString();
            return Artifact.sha256(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /**
     * Reads the values stored under a key.
     *
     * @param kind what they are about, such as {@code probe}; part of the file name
     */
    public Optional<Map<String, String>> read(Key key, String kind) {
        Properties entries = new Properties();
        try (Reader reader = Files.newBufferedReader(file(key, kind), StandardCharsets.UTF_8)) {
            entries.load(reader);
        } catch (IOException | IllegalArgumentException e) { // No entry, or a damaged one that the next write replaces.
            return Optional.empty();
        }
        return starting(entries, FACT).equals(key.facts()) ? Optional.of(starting(entries, VALUE)) : Optional.empty();
    }

    private static Map<String, String> starting(Properties entries, String prefix) {
        return entries.stringPropertyNames().stream()
                .filter(name -> name.startsWith(prefix))
                .collect(Collectors.toMap(name -> name.substring(prefix.length()), entries::getProperty));
    }

    /** Stores values under a key, replacing earlier ones; if that fails, {@link #problem} says why. */
    public void write(Key key, String kind, Map<String, String> values) {
        Properties entries = new Properties();
        key.facts().forEach((name, value) -> entries.setProperty(FACT + name, value));
        values.forEach((name, value) -> entries.setProperty(VALUE + name, value));
        try {
            createDirectory();
            StringWriter text = new StringWriter();
            entries.store(text, null);
            // Readers see the old entry or the new one, never part of one.
            OutputFile.of(file(key, kind)).write(text.toString());
        } catch (IOException e) {
            problem = Optional.of(e);
        }
    }

    private void createDirectory() throws IOException {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] attributes = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
        Files.createDirectories(directory, attributes);
    }

    /** The file of an entry; it may not exist. */
    public Path file(Key key, String kind) {
        return directory.resolve(key.hash().substring(0, 32) + "." + kind + ".properties");
    }

    /** Why nothing is kept, if so. */
    public Optional<String> problem() {
        return problem.map(e -> "verdicts are not kept in " + directory + ": " + e + "; name another directory with -D"
                + DIRECTORY + " or " + DIRECTORY_VARIABLE);
    }
}
