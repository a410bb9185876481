package io.qk256.gguf.convert;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.GgufValue;
import io.qk256.gguf.GgufWriter;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.ValueType;
import io.qk256.gguf.layout.Encoded;
import io.qk256.gguf.layout.Encoder;
import io.qk256.gguf.layout.Qk256Codec;
import io.qk256.gguf.layout.Repack;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Rewrites a GGUF file with its 2-bit tensors in another type. Everything else is copied: keys, tensors of other types,
 * and the order of both. Weights keep their values to the bit, or the file is refused before anything is written.
 *
 * <p>Only keys that describe the packing change: {@code general.file_type} becomes that of the new type, and
 * {@code general.alignment} and {@code qk256.*} become what the new file needs, and {@code split.*} are dropped, because
 * the new file is whole. I2_S and TQ2_0 files of one model
 * therefore convert into each other byte for byte, also through QK256.
 */
public final class Conversion {

    private static final String FILE_TYPE_KEY = "general.file_type";
    private static final String ALIGNMENT_KEY = "general.alignment";
    private static final String OWN_KEYS = "qk256.";
    private static final String SPLIT_KEYS = "split.";

    private final GgufFile source;
    private final Target target;
    private final boolean roundScales;
    private final int threads;
    private final Progress progress;
    private int converted;
    private double scaleError;

    /** The type that 2-bit tensors are converted to. */
    public enum Target {
        /** ggml's TQ1_0: an f16 scale for each 256 weights; values −1, 0, +1. */
        TQ1_0(36, TensorType.TQ1_0),
        /** ggml's TQ2_0: an f16 scale for each 256 weights; values −1, 0, +1, +2. */
        TQ2_0(37, TensorType.TQ2_0),
        /** ggml's Q2_0: an f16 scale for each 64 weights; values −1, 0, +1, +2. */
        Q2_0(1024, TensorType.Q2_0),
        /** PrismML's PQ2_0: an f16 scale for each 128 weights; values −1, 0, +1, +2. */
        PQ2_0(141, TensorType.PQ2_0),
        /** PrismML's PTQ1_0: an f16 scale for each 128 weights; values −1, 0, +1. */
        PTQ1_0(143, TensorType.PTQ1_0),
        /** bitnet.cpp's I2_S in the x86 layout: one f32 scale for the tensor; values −1, 0, +1. */
        I2_S(40, TensorType.I2_S),
        /** The layout of the kernels, which needs no repacking when the file is loaded; see docs/files.md. */
        QK256(1024, TensorType.QK256);

        private final int fileType;
        private final TensorType type;

        /** @param fileType the number that llama.cpp or PrismML's fork has for such files; 1024 means unspecified */
        Target(int fileType, TensorType type) {
            this.fileType = fileType;
            this.type = type;
        }

        /** The value of {@code general.file_type} in such files: llama.cpp's number, or 1024 for unspecified. */
        public int fileType() {
            return fileType;
        }

        /** The type of the tensors. */
        public TensorType type() {
            return type;
        }

        /** Whether scales become f16. */
        public boolean hasHalfScales() {
            return type != TensorType.I2_S && type != TensorType.QK256;
        }
    }

    /**
     * What a conversion did.
     *
     * @param converted number of 2-bit tensors converted
     * @param copied number of other tensors copied
     * @param scaleError largest relative error of a rounded scale; 0 if none was rounded
     */
    public record Report(int converted, int copied, double scaleError) {}

    /**
     * The key that says how activations are rounded, in a file whose type no longer tells: {@link #PER_TOKEN} or
     * {@link #IN_GROUPS}.
     */
    public static final String ACTIVATIONS_KEY = "qk256.activations";

    public static final String PER_TOKEN = "per_token";
    public static final String IN_GROUPS = "in_groups";

    private Conversion(GgufFile source, Target target, boolean roundScales, int threads, Progress progress) {
        this.source = source;
        this.target = target;
        this.roundScales = roundScales;
        this.threads = threads;
        this.progress = progress;
    }

    /**
     * Converts a file. The new file appears only when it is complete.
     *
     * @param out must not be the source
     * @param roundScales whether scales may be rounded to f16 where the type has such scales
     * @param threads 1 or more
     * @param progress receives the number of bytes of the source's tensors that are tried, then written
     * @throws GgufException if the source cannot be read, or not be converted without loss
     * @throws IOException if the new file cannot be written
     */
    public static Report convert(
            GgufFile source, Path out, Target target, boolean roundScales, int threads, Progress progress)
            throws IOException {
        return convert(source, OutputFile.of(out), target, roundScales, threads, progress);
    }

    /** As above, for the project's own modules, which also write to standard output. */
    @SuppressWarnings("exports")
    public static Report convert(
            GgufFile source, OutputFile out, Target target, boolean roundScales, int threads, Progress progress)
            throws IOException {
        source.requireWhole();
        requireOtherThanSource(out, source);
        out.requireWritable();
        Conversion conversion = new Conversion(source, target, roundScales, threads, progress);
        GgufWriter writer = new GgufWriter();
        conversion.keys(writer);
        return conversion.write(writer, out);
    }

    static void requireOtherThanSource(OutputFile out, GgufFile source) throws IOException {
        for (GgufFile.Part part : source.parts()) {
            out.requireOtherThan(Path.of(part.name()));
        }
    }

    /** Makes a file for {@link RepackCache}: with its source key first, and with checksums of all tensors. */
    static void convertForCache(GgufFile source, OutputFile out, String madeFrom, int threads, Progress progress)
            throws IOException {
        Conversion conversion = new Conversion(source, Target.QK256, false, threads, progress);
        GgufWriter writer = new GgufWriter().text(RepackCache.SOURCE_KEY, madeFrom);
        conversion.keys(writer);
        writer.integers(RepackCache.SUMS_KEY, ValueType.U32, conversion.sums());
        conversion.write(writer, out);
    }

    private long[] sums() throws GgufException {
        Progress.Sum done = progressOf("computing checksums");
        long[] sums = new long[source.tensors().size()];
        int i = 0;
        for (GgufTensor tensor : source.tensors()) {
            try (Arena arena = Arena.ofShared()) {
                boolean copied = Repack.refusal(tensor.type()).isPresent();
                MemorySegment stored =
                        copied ? tensor.data() : encode(tensor, arena).bytes();
                sums[i++] = Integer.toUnsignedLong(Checksums.of(stored, threads));
                done.add(tensor.data().byteSize());
            }
        }
        return sums;
    }

    /** Whether a conversion changes or drops a key. */
    static boolean isChanged(String key) {
        return key.equals(FILE_TYPE_KEY)
                || key.equals(ALIGNMENT_KEY)
                || key.startsWith(OWN_KEYS)
                || key.startsWith(SPLIT_KEYS);
    }

    /**
     * How the source's activations are rounded, which follows from its type unless it was converted itself. Empty for
     * BitNet, which rounds them in one way only.
     */
    private Optional<String> activations() throws GgufException {
        Optional<GgufValue> architecture = source.find("general.architecture");
        if (architecture.isPresent() && architecture.get().asText().startsWith("bitnet")) {
            return Optional.empty();
        }
        Optional<GgufValue> stored = source.find(ACTIVATIONS_KEY);
        if (stored.isPresent()) {
            return Optional.of(stored.get().asText());
        }
        boolean isTernary = false;
        for (GgufTensor tensor : source.tensors()) {
            switch (tensor.type()) {
                case I2_S, I2_S_ARM, I2_S_ROWS4 -> {
                    return Optional.of(PER_TOKEN);
                }
                case TQ1_0, TQ2_0, Q2_0, Q2_0_G128, PQ2_0, PTQ1_0 -> isTernary = true;
                default -> {}
            }
        }
        return isTernary ? Optional.of(IN_GROUPS) : Optional.empty();
    }

    private void keys(GgufWriter writer) throws GgufException {
        for (GgufValue value : source.metadata().values()) {
            if (value.key().equals(FILE_TYPE_KEY)) {
                writer.integer(FILE_TYPE_KEY, ValueType.U32, target.fileType);
            } else if (!isChanged(value.key())) {
                writer.copy(value);
            }
        }
        String ofTarget = target == Target.I2_S ? PER_TOKEN : IN_GROUPS;
        activations()
                .filter(rounding -> !rounding.equals(ofTarget))
                .ifPresent(rounding -> writer.text(ACTIVATIONS_KEY, rounding));
        if (target == Target.QK256) {
            writer.alignment(Qk256Codec.ALIGNMENT);
            writer.integer(Qk256Codec.VERSION_KEY, ValueType.U32, Qk256Codec.VERSION);
        }
    }

    private Report write(GgufWriter writer, OutputFile out) throws IOException {
        Progress.Sum tried = progressOf("checking");
        Progress.Sum written = progressOf("writing");
        for (GgufTensor tensor : source.tensors()) {
            if (Repack.refusal(tensor.type()).isEmpty()) {
                add(writer, tensor, written);
                converted++;
            } else if (tensor.type().id() < 0) {
                throw new GgufException(tensor + ": cannot be converted: "
                        + Repack.refusal(tensor).orElse(""));
            } else {
                writer.tensor(
                        tensor.name(),
                        tensor.type(),
                        tensor.dims(),
                        tensor.data().byteSize(),
                        arena -> {
                            written.add(tensor.data().byteSize());
                            return tensor.data();
                        });
            }
            tried.add(tensor.data().byteSize());
        }
        if (converted == 0) {
            throw new GgufException(source.name() + ": no tensor is of a 2-bit type that can be converted, "
                    + "expected at least one; inspect shows the types");
        }
        writer.write(out);
        return new Report(converted, source.tensors().size() - converted, scaleError);
    }

    /** Encodes a tensor once to check that it can be, and again when it is written, so only one is in memory. */
    private void add(GgufWriter writer, GgufTensor tensor, Progress.Sum written) throws IOException {
        long bytes;
        try (Arena arena = Arena.ofShared()) {
            bytes = encode(tensor, arena).bytes().byteSize();
        }
        boolean stored = target == Target.QK256;
        writer.tensor(
                tensor.name(),
                stored ? TensorType.I8 : target.type,
                stored ? List.of(bytes) : tensor.dims(),
                bytes,
                arena -> {
                    written.add(tensor.data().byteSize());
                    return encode(tensor, arena).bytes();
                });
    }

    private Encoded encode(GgufTensor tensor, Arena arena) throws GgufException {
        Qk256Matrix matrix = Objects.requireNonNull(
                Repack.repackAll(List.of(tensor), arena, threads, Progress.NONE).get(tensor.name()));
        Encoded encoded = Encoder.encode(target.type, tensor, matrix, roundScales, arena);
        scaleError = Math.max(scaleError, encoded.scaleError());
        return encoded;
    }

    /** Each pass over the tensors reports its own progress. */
    private Progress.Sum progressOf(String pass) {
        long total = source.tensors().stream()
                .mapToLong(tensor -> tensor.data().byteSize())
                .sum();
        return new Progress.Sum(progress, pass, total);
    }
}
