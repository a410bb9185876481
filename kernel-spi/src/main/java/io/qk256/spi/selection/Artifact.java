package io.qk256.spi.selection;

import io.qk256.spi.support.CodeLocation;
import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ResolvedModule;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The module that a provider comes from, and the file that the module comes from. Module and version are safe to print;
 * the origin is the unmodified path. Immutable and thread-safe.
 */
public final class Artifact {

    private static final int MAX_VERSION = 100;

    /** Used in place of a module name if there is no module. */
    public static final String CLASS_PATH = "(class path)";

    private final String module;
    private final Optional<String> version;
    private final String origin;
    private final boolean plugin;
    private final boolean nativeAccess;
    private final Supplier<Optional<String>> sha256;

    private Artifact(
            String module,
            Optional<String> version,
            String origin,
            boolean plugin,
            boolean nativeAccess,
            Supplier<Optional<String>> sha256) {
        this.module = PrintableText.line(module);
        this.version = version.map(text -> PrintableText.line(text, MAX_VERSION));
        this.origin = origin;
        this.plugin = plugin;
        this.nativeAccess = nativeAccess;
        this.sha256 = sha256;
    }

    /**
     * Creates the artifact of a plugin.
     *
     * @param module the name of its module, or a replacement for it
     * @param version the version in the module's descriptor
     * @param origin its file or folder
     * @param sha256 its hash as 64 hexadecimal digits, if it could be read
     * @param nativeAccess whether it may call native code
     */
    public static Artifact ofPlugin(
            String module, Optional<String> version, String origin, Optional<String> sha256, boolean nativeAccess) {
        return new Artifact(module, version, origin, true, nativeAccess, () -> sha256);
    }

    /**
     * Creates the artifact of a provider that a container has loaded with a class loader of its own, such as a bundle
     * in an OSGi framework. A {@linkplain KernelSource source} with it takes the same gates as any other, but cannot be
     * probed, because another process does not have the container.
     *
     * @param module the container's name for it, such as the symbolic name of a bundle
     * @param version its version
     * @param origin its file or location
     * @param sha256 the hash of its file as 64 hexadecimal digits; without it no measurement is kept
     * @param nativeAccess whether it may call native code
     */
    public static Artifact ofContainer(
            String module, Optional<String> version, String origin, Optional<String> sha256, boolean nativeAccess) {
        return new Artifact(module, version, origin, false, nativeAccess, () -> sha256);
    }

    /** The artifact of a named module in a layer. */
    static Artifact of(Module module) {
        String origin = Optional.ofNullable(module.getLayer())
                .flatMap(layer -> layer.configuration().findModule(module.getName()))
                .map(ResolvedModule::reference)
                .flatMap(reference -> reference.location())
                .map(URI::toString)
                .map(Artifact::path)
                .orElse("");
        Optional<String> version = Optional.ofNullable(module.getDescriptor()).flatMap(ModuleDescriptor::rawVersion);
        return new Artifact(
                module.getName(), version, origin, false, module.isNativeAccessEnabled(), () -> hashOfFile(origin));
    }

    /** The artifact of a class. */
    static Artifact of(Class<?> type) {
        if (type.getModule().isNamed()) {
            return of(type.getModule());
        }
        Optional<CodeLocation> location = CodeLocation.of(type);
        return new Artifact(
                CLASS_PATH,
                Optional.empty(),
                location.map(CodeLocation::toString).orElse(""),
                false,
                type.getModule().isNativeAccessEnabled(),
                () -> location.flatMap(Artifact::hash));
    }

    /** The artifact of a provider whose origin is unknown. */
    static Artifact unknown() {
        return new Artifact(CLASS_PATH, Optional.empty(), "", false, false, Optional::empty);
    }

    /** The name of the module, or "(class path)". */
    public String module() {
        return module;
    }

    /** The module's version, if its descriptor has one. */
    public Optional<String> version() {
        return version;
    }

    /** The file or directory; the location if it is neither, such as a jar within a jar; empty if unknown. */
    public String origin() {
        return origin;
    }

    /** Whether it was found in a plugins directory and is in its own module layer. */
    public boolean plugin() {
        return plugin;
    }

    /** Whether its module may call native code. */
    public boolean nativeAccess() {
        return nativeAccess;
    }

    /**
     * The hash of the file as 64 hexadecimal digits; computed at each call unless already known. Empty if the origin is
     * a directory, a run-time image, unknown, or no longer readable.
     */
    public Optional<String> sha256() {
        return sha256.get();
    }

    /**
     * Returns the SHA-256 of a file as 64 hexadecimal digits.
     *
     * @throws IOException if the file cannot be read
     */
    public static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return sha256(in);
        }
    }

    private static String sha256(InputStream in) throws IOException {
        MessageDigest digest = digest();
        new DigestInputStream(in, digest).transferTo(OutputStream.nullOutputStream());
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Returns the SHA-256 of bytes as 64 hexadecimal digits. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(digest().digest(bytes));
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    private static Optional<String> hashOfFile(String origin) {
        try {
            Path file = Path.of(origin);
            return Files.isRegularFile(file) ? Optional.of(sha256(file)) : Optional.empty();
        } catch (IOException | IllegalArgumentException e) { // The location is not a path, or the file is gone.
            return Optional.empty();
        }
    }

    /** The hash of a jar, which may be nested in another one. */
    private static Optional<String> hash(CodeLocation location) {
        if (location.path().isPresent()) {
            return hashOfFile(location.toString());
        }
        try (InputStream in = location.open()) {
            return Optional.of(sha256(in));
        } catch (IOException | RuntimeException e) { // A foreign class loader may throw anything.
            return Optional.empty();
        }
    }

    /** The location as a file path, or unchanged if it is not one. */
    private static String path(String location) {
        try {
            return Path.of(URI.create(location)).toString();
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            return location;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Artifact that
                && module.equals(that.module)
                && version.equals(that.version)
                && origin.equals(that.origin);
    }

    @Override
    public int hashCode() {
        return Objects.hash(module, version, origin);
    }

    @Override
    public String toString() {
        return module
                + version.map(number -> " " + number).orElse("")
                + (origin.isEmpty() ? "" : " from " + PrintableText.line(origin));
    }
}
