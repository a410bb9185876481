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
import java.util.StringJoiner;

/**
 * Identifies the file, or the parts, that a cached model was made from: its size, the SHA-256 of its header, a checksum of all its
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

    CacheSource(GgufFile file, I2sLayout layout, int threads, Progress progress) throws IOException {
        this.file = file;
        this.threads = threads;
        this.progress = progress;
        StringJoiner headers = new StringJoiner(", ");
        StringJoiner attributes = new StringJoiner(", ");
        for (GgufFile.Part part : file.parts()) {
            Path path = Path.of(part.name());
            headers.add("size " + Files.size(path) + ", header SHA-256 " + sha256(part.header()));
            attributes.add("modified " + Files.getLastModifiedTime(path) + unix(path));
        }
        this.header = "I2_S layout " + layout + ", " + headers;
        this.seen = attributes.toString();
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
        long total =
                file.parts().stream().mapToLong(part -> part.bytes().byteSize()).sum();
        Progress.Sum sum = new Progress.Sum(progress, "reading the model", total);
        StringJoiner sums = new StringJoiner(" ");
        for (GgufFile.Part part : file.parts()) {
            sums.add(Integer.toHexString(Checksums.of(part.bytes(), threads, sum)));
        }
        sum.finish();
        return header + ", sum " + sums;
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
