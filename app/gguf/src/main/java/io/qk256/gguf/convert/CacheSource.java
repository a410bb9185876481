package io.qk256.gguf.convert;

import io.qk256.gguf.GgufFile;
import io.qk256.gguf.Progress;
import io.qk256.gguf.layout.I2sLayout;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Identifies the file that a cached model was made from: its size, the SHA-256 of its header, a checksum of all its
 * bytes, and the file attributes at that time. While the attributes are the same, the bytes are assumed to be the same
 * without reading them. On Unix the attributes include the time of the last change (ctime), which no program can set.
 */
final class CacheSource {

    private static final String SEPARATOR = "; ";

    private final GgufFile file;
    private final String header;
    private final String seen;
    private final int threads;
    private final Progress progress;

    CacheSource(GgufFile file, Path path, I2sLayout layout, int threads, Progress progress) throws IOException {
        this.file = file;
        this.threads = threads;
        this.progress = progress;
        this.header =
                "I2_S layout " + layout + ", size " + Files.size(path) + ", header SHA-256 " + sha256(file.header());
        this.seen = "modified " + Files.getLastModifiedTime(path) + unix(path);
    }

    private static String unix(Path path) throws IOException {
        try {
            return ", changed " + Files.getAttribute(path, "unix:ctime") + ", file "
                    + Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return "";
        }
    }

    /** Describes all of it in words; reads the whole file. */
    String describe() {
        return content() + SEPARATOR + seen;
    }

    /** Whether a description stands for the same bytes. */
    boolean isOf(String description) {
        return description.startsWith(header)
                && (description.endsWith(SEPARATOR + seen) || description.startsWith(content() + SEPARATOR));
    }

    private String content() {
        Progress.Sum sum =
                new Progress.Sum(progress, "reading the model", file.bytes().byteSize());
        int seen = Checksums.of(file.bytes(), threads, sum);
        sum.finish();
        return header + ", sum " + Integer.toHexString(seen);
    }

    static String sha256(MemorySegment bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes.asByteBuffer());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
