package io.qk256.gguf.convert;

import io.qk256.gguf.GgufArray;
import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.Progress;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.layout.I2sLayout;
import io.qk256.gguf.layout.Qk256Codec;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Caches models in the layout of the kernels, so the next start repacks nothing. The cached file is the model
 * {@linkplain Conversion converted} to QK256, with keys that record its source and the checksums of its tensors.
 *
 * <p>A cached file is used if it was made from exactly the bytes of the model, has its keys and tensors, and the
 * checksum of every tensor matches; otherwise it is made again. A file with its name that is not a cache of this
 * program is never replaced. Several processes may share a cache: a file appears only when it is complete.
 */
public final class RepackCache {

    /** The first key of a cached file, which identifies it even if the rest is damaged. */
    static final String SOURCE_KEY = "qk256.source";

    /** Checksums of the tensors as stored, in file order. */
    static final String SUMS_KEY = "qk256.sums";

    private static final String ENDING = ".qk256-cache.gguf";
    private static final int NAME_HASH_DIGITS = 16;

    /** The offset of the first key's characters: after the file header and the key's length. */
    private static final int FIRST_KEY_AT = 24 + 8;

    private final GgufFile source;
    private final CacheSource identity;
    private final Path cached;
    private final int threads;
    private final Progress progress;

    private RepackCache(GgufFile source, CacheSource identity, Path cached, int threads, Progress progress) {
        this.source = source;
        this.identity = identity;
        this.cached = cached;
        this.threads = threads;
        this.progress = progress;
    }

    /**
     * Opens a model through the cache. Makes the cached file first if it is missing, stale or damaged.
     *
     * @param model a GGUF file with 2-bit tensors
     * @param i2sLayout how its tensors of type I2_S are packed
     * @param directory the directory of cached files, created on demand; empty for the directory of the model
     * @param threads 1 or more
     * @param progress receives the progress of verifying checksums and of making the file
     * @param talk receives the reason if an existing cached file is made again
     * @return the cached file; or the model itself if its 2-bit tensors are QK256 already
     * @throws UserError if a file that is not a cache has the name of the cached file
     * @throws IOException if the model cannot be read or the cached file cannot be written
     */
    public static GgufFile open(
            Path model,
            I2sLayout i2sLayout,
            Optional<Path> directory,
            int threads,
            Progress progress,
            Consumer<String> talk)
            throws IOException {
        GgufFile source = WeightFile.open(model, i2sLayout);
        if (source.find(Qk256Codec.VERSION_KEY).isPresent()) {
            return source;
        }
        try (source) {
            source.requireWhole();
            CacheSource identity = new CacheSource(source, i2sLayout, threads, progress);
            RepackCache cache =
                    new RepackCache(source, identity, place(Path.of(source.name()), directory), threads, progress);
            Optional<GgufFile> usable = cache.usable(talk);
            return usable.isPresent() ? usable.get() : cache.make();
        }
    }

    /** The path of a model's cached file; in a shared directory, its name has a hash that tells models' paths apart. */
    static Path place(Path model, Optional<Path> directory) throws IOException {
        String name = String.valueOf(model.getFileName()).replaceFirst("\\.gguf$", "");
        if (directory.isEmpty()) {
            return model.resolveSibling(name + ENDING);
        }
        byte[] path = model.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
        String hash = CacheSource.sha256(MemorySegment.ofArray(path)).substring(0, NAME_HASH_DIGITS);
        return directory.get().resolve(name + "-" + hash + ENDING);
    }

    private GgufFile make() throws IOException {
        Path absolute = cached.toAbsolutePath();
        OutputFile out = OutputFile.in(
                Objects.requireNonNull(absolute.getParent()),
                Objects.requireNonNull(absolute.getFileName()).toString());
        Conversion.requireOtherThanSource(out, source);
        out.requireWritable();
        Conversion.convertForCache(source, out, identity.describe(), threads, progress);
        return WeightFile.open(cached);
    }

    private Optional<GgufFile> usable(Consumer<String> talk) throws IOException {
        if (!Files.exists(cached)) {
            return Optional.empty();
        }
        GgufFile file;
        try {
            file = WeightFile.open(cached);
        } catch (GgufException e) {
            requireMark(false);
            talk.accept(cached + ": the cached model is damaged and is made again: " + e.getMessage());
            return Optional.empty();
        }
        try {
            requireMark(file.find(SOURCE_KEY).isPresent());
            if (identity.isOf(file.require(SOURCE_KEY).asText())) {
                requireSame(file);
                return Optional.of(file);
            }
            talk.accept(cached + ": the cached model was made from another version of " + source.name()
                    + " and is made again");
        } catch (GgufException e) {
            talk.accept(cached + ": the cached model is damaged and is made again: " + e.getMessage());
        } catch (UserError e) {
            file.close();
            throw e;
        }
        file.close();
        return Optional.empty();
    }

    /** Refuses to replace a file that this program has not made. */
    private void requireMark(boolean seen) throws IOException {
        if (!seen && !startsWithMark()) {
            throw new UserError(cached + ": already exists and is not a cached model (it has no key " + SOURCE_KEY
                    + "); move it away, or name a directory: --cache DIRECTORY");
        }
    }

    private boolean startsWithMark() throws IOException {
        byte[] key = SOURCE_KEY.getBytes(StandardCharsets.US_ASCII);
        if (!Files.isRegularFile(cached)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(cached)) {
            byte[] start = in.readNBytes(FIRST_KEY_AT + key.length);
            return start.length == FIRST_KEY_AT + key.length
                    && Arrays.equals(Arrays.copyOfRange(start, FIRST_KEY_AT, start.length), key);
        }
    }

    private void requireSame(GgufFile file) throws GgufException {
        for (GgufValue value : source.metadata().values()) {
            Optional<GgufValue> kept = file.find(value.key());
            boolean same = Conversion.isChanged(value.key())
                    || (kept.isPresent()
                            && kept.get().type() == value.type()
                            && kept.get().data().mismatch(value.data()) < 0);
            if (!same) {
                throw new GgufException(file.name() + ": key " + value.key() + " differs from the model");
            }
        }
        List<GgufTensor> tensors = List.copyOf(file.tensors());
        GgufArray sums = file.require(SUMS_KEY).asArray(ValueType.U32);
        if (tensors.size() != source.tensors().size() || sums.size() != tensors.size()) {
            throw new GgufException(file.name() + ": has " + tensors.size() + " tensors and " + sums.size()
                    + " checksums, expected " + source.tensors().size());
        }
        long bytes =
                tensors.stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
        Progress.Sum read = new Progress.Sum(progress, "checking the cached model", bytes);
        for (int i = 0; i < tensors.size(); i++) {
            GgufTensor tensor = tensors.get(i);
            int sum = Checksums.of(tensor.data(), threads, read);
            if (sum != (int) sums.integer(i)
                    || !tensor.dims().equals(source.requireTensor(tensor.name()).dims())) {
                throw new GgufException(tensor + ": the checksum is " + Integer.toHexString(sum) + ", expected "
                        + Integer.toHexString((int) sums.integer(i)));
            }
        }
    }
}
