package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The rows of a tensor of any readable type as f32 values, decoded as ggml and bitnet.cpp do, to the bit. Immutable and
 * thread-safe; each thread needs a {@link #reader} of its own. Reading a row of a {@linkplain #isDense dense} type
 * allocates nothing, which suits the embeddings of a model.
 */
public final class TensorRows {

    private final GgufTensor tensor;
    private final TensorCodec codec;

    private TensorRows(GgufTensor tensor, TensorCodec codec) {
        this.tensor = tensor;
        this.codec = codec;
    }

    /** The reason why tensors of a type cannot be read; empty if they can. */
    public static Optional<String> refusal(TensorType type) {
        if (TensorCodecs.find(type).isPresent()) {
            return Optional.empty();
        }
        return switch (type) {
            case TL1, TL2, OTHER -> Repack.refusal(type);
            default ->
                Optional.of("this program reads "
                        + TensorCodecs.names(codec -> codec.type() != TensorType.QK256, "and")
                        + "; convert the model to one of them");
        };
    }

    /** The reason why a tensor cannot be read, judged by its type; empty if it can. */
    public static Optional<String> refusal(GgufTensor tensor) {
        return tensor.type() == TensorType.OTHER ? Repack.refusal(tensor) : refusal(tensor.type());
    }

    /**
     * Whether a type can be read and has more than 2 bits per weight, as embeddings have, which no kernel multiplies.
     */
    public static boolean isDense(TensorType type) {
        return TensorCodecs.find(type)
                .filter(codec -> !(codec instanceof TwoBitCodec))
                .isPresent();
    }

    /** The {@linkplain #isDense dense} types, for messages. */
    public static String denseTypes() {
        return TensorCodecs.names(codec -> !(codec instanceof TwoBitCodec), "or");
    }

    /**
     * Returns the rows of a tensor.
     *
     * @throws GgufException if the type {@linkplain #refusal cannot be read}, there are 2^31 columns or more, or a
     *     2-bit tensor holds what {@link Repack} refuses
     */
    public static TensorRows of(GgufTensor tensor) throws GgufException {
        Optional<TensorCodec> codec = TensorCodecs.find(tensor.type());
        if (codec.isEmpty()) {
            throw new GgufException(
                    tensor + ": cannot be read: " + refusal(tensor).orElse(""));
        }
        if (tensor.cols() > Integer.MAX_VALUE) {
            throw new GgufException(tensor + ": has " + tensor.cols() + " columns, expected at most "
                    + Integer.MAX_VALUE + "; split the tensor");
        }
        codec.get().requireReadable(tensor);
        return new TensorRows(tensor, codec.get());
    }

    /**
     * Returns the rows of f16 values in memory.
     *
     * @param data the values, little-endian
     */
    public static TensorRows ofHalves(MemorySegment data, int rows, int cols) {
        List<Long> dims = List.of((long) cols, (long) rows);
        return new TensorRows(new GgufTensor("memory", "halves", TensorType.F16, dims, data), new F16Codec());
    }

    /**
     * Returns a reader of rows.
     *
     * @param most the most rows to read at a time, 1 or more
     * @throws ArithmeticException if that many rows do not fit in an array
     */
    public RowReader reader(int most) {
        RowReader reader = codec.reader(tensor, most);
        long rows = tensor.rows();
        int cols = (int) tensor.cols();
        return (first, count, out, at) -> {
            Objects.checkIndex(count, most + 1);
            Objects.checkFromIndexSize(first, count, rows);
            Objects.checkFromIndexSize(at, (long) count * cols, out.length);
            reader.read(first, count, out, at);
        };
    }

    /** The tensor. */
    public GgufTensor tensor() {
        return tensor;
    }
}
