package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.LittleEndian;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Qk256;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Optional;

/**
 * The rows of a tensor of any readable type as f32 values, as ggml and bitnet.cpp compute them, to the bit. Reading a row
 * of F32, F16, BF16, Q8_0 or Q6_K makes no garbage, so that it suits the embeddings of a model. Immutable and thread-safe.
 *
 * <p>Sources: ggml-org/ggml {@code src/ggml-quants.c}, {@code dequantize_row_q8_0}, {@code dequantize_row_q6_K},
 * {@code dequantize_row_q2_0}, and the sources of {@link PlainDecoder}.
 */
public final class TensorRows {

    /** Decodes one row. */
    private interface Decoder {
        void decode(long row, MemorySegment out);
    }

    private final GgufTensor tensor;
    private final Decoder decoder;

    private TensorRows(GgufTensor tensor, Decoder decoder) {
        this.tensor = tensor;
        this.decoder = decoder;
    }

    /** Why tensors of a type cannot be read; empty if they can. */
    public static Optional<String> refusal(TensorType type) {
        return switch (type) {
            case F32, F16, BF16, Q8_0, Q6_K -> Optional.empty();
            case TL1, TL2, OTHER -> Repack.refusal(type);
            default ->
                Repack.refusal(type)
                        .map(why -> "this program reads F32, F16, BF16, Q8_0, Q6_K, Q2_0, TQ1_0, TQ2_0 and I2_S; "
                                + "convert the model to one of them");
        };
    }

    /**
     * The rows of a tensor.
     *
     * @throws GgufException if the type {@linkplain #refusal cannot be read}, there are 2^31 columns or more, or a 2-bit
     *     tensor holds what {@link Repack} refuses (different scales in 256 weights of Q2_0 are no hindrance here)
     */
    public static TensorRows of(GgufTensor tensor) throws GgufException {
        Optional<String> refusal = refusal(tensor.type());
        if (refusal.isPresent()) {
            throw new GgufException(tensor + ": cannot be read: " + refusal.get());
        }
        if (tensor.cols() > Integer.MAX_VALUE) {
            throw new GgufException(tensor + ": has " + tensor.cols() + " columns, expected at most "
                    + Integer.MAX_VALUE + "; split the tensor");
        }
        return new TensorRows(tensor, decoder(tensor));
    }

    private static Decoder decoder(GgufTensor tensor) throws GgufException {
        MemorySegment data = tensor.data();
        int cols = (int) tensor.cols();
        return switch (tensor.type()) {
            case F32 ->
                (row, out) -> MemorySegment.copy(
                        data,
                        LittleEndian.F32,
                        row * cols * Float.BYTES,
                        out,
                        ValueLayout.JAVA_FLOAT_UNALIGNED,
                        0,
                        cols);
            case F16 -> (row, out) -> Decoders.f16(data, row, cols, out);
            case BF16 -> (row, out) -> Decoders.bf16(data, row, cols, out);
            case Q8_0 -> (row, out) -> Decoders.q8(data, row, cols, out);
            case Q6_K -> (row, out) -> Decoders.q6(data, row, cols, out);
            case Q2_0 -> (row, out) -> Decoders.q2(data, row, cols, out);
            default -> twoBits(tensor);
        };
    }

    private static Decoder twoBits(GgufTensor tensor) throws GgufException {
        try (Arena arena = Arena.ofConfined()) {
            Repack.repack(tensor, arena); // It checks what the plain decoder does not.
        }
        PlainDecoder plain = PlainDecoder.of(tensor);
        int cols = (int) tensor.cols();
        return (row, out) -> {
            byte[] values = new byte[cols];
            plain.row(row, values);
            for (int i = 0; i < cols; i++) {
                float value = values[i] * plain.scale(row, i / Qk256.BLOCK_WEIGHTS);
                out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) i * Float.BYTES, value);
            }
        };
    }

    /**
     * Decodes a row.
     *
     * @param row 0 to {@link GgufTensor#rows} − 1; dimensions beyond the first are rows
     * @param out receives as many f32 values as the tensor has columns, in the byte order of this machine, from its start
     * @throws IndexOutOfBoundsException if there is no such row, or {@code out} is too small
     */
    public void read(long row, MemorySegment out) {
        Objects.checkIndex(row, tensor.rows());
        Objects.checkFromIndexSize(0, tensor.cols() * Float.BYTES, out.byteSize());
        decoder.decode(row, out);
    }

    /** The tensor. */
    public GgufTensor tensor() {
        return tensor;
    }
}
