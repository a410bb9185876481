package io.qk256.app.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the bytes of a file must hash to; also the name of its blob in the cache. Large files have their SHA-256. Small ones
 * are kept by git itself, under the SHA-1 of a header and the bytes.
 *
 * @param kind how it is computed
 * @param hex in lower case
 */
record Checksum(Kind kind, String hex) {

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern SHA1 = Pattern.compile("[0-9a-f]{40}");

    enum Kind {
        SHA256("SHA-256"),
        GIT_BLOB("SHA-1");

        private final String algorithm;

        Kind(String algorithm) {
            this.algorithm = algorithm;
        }

        @Override
        public String toString() {
            return algorithm;
        }
    }

    static Optional<Checksum> sha256(String hex) {
        return SHA256.matcher(hex).matches() ? Optional.of(new Checksum(Kind.SHA256, hex)) : Optional.empty();
    }

    static Optional<Checksum> gitBlob(String hex) {
        return SHA1.matcher(hex).matches() ? Optional.of(new Checksum(Kind.GIT_BLOB, hex)) : Optional.empty();
    }

    /**
     * A digest that is to be given all bytes of the file.
     *
     * @param size of the file, in bytes
     */
    MessageDigest begin(long size) {
        try {
            MessageDigest digest = MessageDigest.getInstance(kind.algorithm);
            if (kind == Kind.GIT_BLOB) {
                digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
            }
            return digest;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + kind.algorithm, e);
        }
    }

    /** What a digest has computed, in hexadecimal; the digest is then empty. */
    static String end(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
