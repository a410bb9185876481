package io.qk256.app.files;

import io.qk256.app.files.Repack.Progress;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Keeps models in the layout that kernels take, so that the next start repacks nothing. The cached file is the model
 * {@linkplain Conversion converted} to QK256, with a key that says what it was made from.
 *
 * <p>A cached file that was made from other bytes or by another layout, that breaks a rule of the format, or whose weights
 * do not have their check sum, is made again. Several processes may use one cache: a file appears when it is complete.
 */
public final class RepackCache {

    static final String SOURCE_KEY = "qk256.source";

    private static final int NAME_HASH_DIGITS = 16;

    private RepackCache() {}

    /**
     * Opens a model through the cache, and makes the cached file first if it is missing, stale or damaged.
     *
     * @param model a GGUF file with 2-bit tensors
     * @param i2sLayout how its tensors of type I2_S are packed
     * @param directory where cached files are, made if need be; empty for the directory of the model
     * @param threads 1 or more
     * @param progress hears of the making, if there is any
     * @return the cached file; or the model itself if its 2-bit tensors are QK256 already
     * @throws IOException if the model cannot be read or the cached file not written
     */
    public static GgufFile open(
            Path model, I2sLayout i2sLayout, Optional<Path> directory, int threads, Progress progress)
            throws IOException {
        GgufFile source = GgufFile.open(model, i2sLayout);
        if (source.find(Qk256Store.VERSION_KEY).isPresent()) {
            return source;
        }
        try (source) {
            String identity = identity(source, model, i2sLayout);
            Path cached = place(model, directory);
            Optional<GgufFile> usable = usable(cached, identity, threads);
            if (usable.isPresent()) {
                return usable.get();
            }
            Conversion.convertWithKey(source, output(cached), SOURCE_KEY, identity, threads, progress);
            return GgufFile.open(cached);
        }
    }

    /** Where the cached file of a model is: in a directory that other models share, its name tells their paths apart. */
    static Path place(Path model, Optional<Path> directory) throws IOException {
        String name = String.valueOf(model.getFileName()).replaceFirst("\\.gguf$", "");
        if (directory.isEmpty()) {
            return model.resolveSibling(name + ".qk256.gguf");
        }
        byte[] path = model.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
        String hash = sha256(MemorySegment.ofArray(path)).substring(0, NAME_HASH_DIGITS);
        return directory.get().resolve(name + "-" + hash + ".qk256.gguf");
    }

    private static OutputFile output(Path cached) {
        Path absolute = cached.toAbsolutePath();
        return OutputFile.in(Objects.requireNonNull(absolute.getParent()), String.valueOf(absolute.getFileName()));
    }

    private static String identity(GgufFile source, Path model, I2sLayout layout) throws IOException {
        return "size " + Files.size(model) + ", modified " + Files.getLastModifiedTime(model) + ", header SHA-256 "
                + sha256(source.header()) + ", I2_S layout " + layout;
    }

    private static Optional<GgufFile> usable(Path cached, String identity, int threads) throws IOException {
        if (!Files.isRegularFile(cached)) {
            return Optional.empty();
        }
        GgufFile file;
        try {
            file = GgufFile.open(cached);
        } catch (GgufException e) {
            return Optional.empty();
        }
        try {
            List<GgufTensor> weights = file.tensors().stream()
                    .filter(tensor -> tensor.type() == TensorType.QK256)
                    .toList();
            Optional<GgufValue> madeFrom = file.find(SOURCE_KEY);
            if (madeFrom.isPresent() && madeFrom.get().asText().equals(identity)) {
                Parallel.run(weights.size(), threads, i -> Qk256Store.verify(weights.get(i)));
                return Optional.of(file);
            }
        } catch (GgufException e) {
            // Damaged: it will be made again, and says so by taking its time.
        }
        file.close();
        return Optional.empty();
    }

    private static String sha256(MemorySegment bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes.asByteBuffer());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
