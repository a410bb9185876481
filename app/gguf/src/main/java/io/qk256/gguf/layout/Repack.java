package io.qk256.gguf.layout;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.Progress;
import io.qk256.gguf.TensorType;
import io.qk256.spi.Codebook;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.ParallelTasks;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Repacks 2-bit tensors of other projects into {@linkplain Qk256 QK256 layout}, once, when a model is loaded. Every
 * weight keeps its value to the bit. Stateless and thread-safe.
 *
 * <ul>
 *   <li>I2_S (bitnet.cpp), in any {@linkplain I2sLayout layout}: one scale for the tensor.
 *   <li>TQ1_0 and TQ2_0 (ggml), Q2_0 (ggml, or PrismML's in groups of 128), PQ2_0 and PTQ1_0 (PrismML): an f16 scale for
 *       each block of 256, 64 or 128 weights, kept as it is. If the scales of all blocks have the same bits, as in a
 *       converted BitNet tensor, that scale becomes the tensor scale: the weights are the same, and the int8 product
 *       then rounds as it does for I2_S.
 *   <li>QK256: used in place, without copying.
 * </ul>
 */
public final class Repack {

    /** Large enough to outweigh the cost of scheduling a piece, and small enough to stay in the cache. */
    private static final long PIECE_BYTES = 256 << 10;

    private static final String UNKNOWN = "this program does not know the type, which may be newer or from a fork of"
            + " ggml; convert the model with the program that made it, for example to TQ2_0";

    private Repack() {}

    /** The reason why tensors of a type cannot be repacked; empty if they can. */
    public static Optional<String> refusal(TensorType type) {
        if (TensorCodecs.findTwoBit(type).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(
                switch (type) {
                    case TL1, TL2 ->
                        "its weights are permuted for the look-up kernel of one machine; "
                                + "convert the model to I2_S or TQ2_0";
                    case OTHER -> UNKNOWN;
                    case Q2_K, IQ2_XXS, IQ2_XS, IQ2_S -> "its weights are not codes of one codebook of four values";
                    default -> "it does not have 2 bits a weight";
                });
    }

    /** The reason why a tensor cannot be repacked, judged by its type; empty if it can. */
    public static Optional<String> refusal(GgufTensor tensor) {
        return tensor.type() == TensorType.OTHER ? Optional.of(unknown(tensor.typeId())) : refusal(tensor.type());
    }

    /** Why nothing is known of a type, by its number in the file. */
    private static String unknown(int id) {
        if (TensorType.wasRemoved(id)) {
            return "ggml has removed the type; convert the model again with a current converter";
        }
        return switch (id) {
            case 42 ->
                "the sizes of the tensors of this type do not all fit Q2_0 in groups of 64 weights, nor all in groups"
                        + " of 128; the file is damaged, or mixes the two";
            case 37, 40, 41, 142, 143 ->
                "its size is not that of the type that usually has this number; the file is cut off, or the number"
                        + " means another type in the program that made it";
            default -> UNKNOWN;
        };
    }

    /** The types that can be repacked, for messages. */
    public static String types() {
        return TensorCodecs.names(TwoBitCodec.class::isInstance, "or");
    }

    /**
     * Repacks a tensor on the calling thread; dimensions beyond the first become rows.
     *
     * @param arena allocates codes and scales, each aligned to 64 bytes
     * @return a matrix with codebook {@link Codebook#TERNARY}, or the stored one if the type is QK256
     * @throws GgufException if the type {@linkplain #refusal cannot be repacked}, there are 2^31 rows or columns or
     *     more, a scale is not finite, or an I2_S tensor holds what its quantizer never writes
     */
    public static Qk256Matrix repack(GgufTensor tensor, Arena arena) throws GgufException {
        Repacking work = codec(tensor).repacking(tensor, arena);
        if (!work.isDone()) {
            work.rows(0, work.matrix.rows());
        }
        return work.finish(arena);
    }

    /**
     * Repacks tensors with several threads, which divide the rows among them.
     *
     * @param tensors the tensors; no two may have the same name
     * @param arena allocates codes and scales; must be shared or automatic if there are several threads
     * @param threads 1 or more, including the calling thread
     * @param progress receives the number of bytes of the tensors that are repacked
     * @return the matrices by name, in the order of the tensors
     * @throws GgufException as for {@link #repack}; of several failures, that of the first tensor
     */
    public static Map<String, Qk256Matrix> repackAll(
            Collection<GgufTensor> tensors, Arena arena, int threads, Progress progress) throws GgufException {
        List<GgufTensor> all = List.copyOf(tensors);
        List<TwoBitCodec> codecs = new ArrayList<>();
        for (GgufTensor tensor : all) {
            codecs.add(codec(tensor));
        }
        Repacking[] works = new Repacking[all.size()];
        ParallelTasks.run(works.length, threads, i -> works[i] = codecs.get(i).repacking(all.get(i), arena));
        repackPieces(pieces(works), threads, progress);
        Map<String, Qk256Matrix> matrices = new LinkedHashMap<>();
        for (Repacking work : works) {
            matrices.put(work.tensor.name(), work.finish(arena));
        }
        return matrices;
    }

    /**
     * Returns the weights of a tensor where they are, without any copy.
     *
     * @return a matrix that is valid as long as the tensor
     * @throws GgufException if the type is not QK256, so that the tensor must be repacked; if group scales are not
     *     aligned to their size; or if a scale is not finite
     */
    public static Qk256Matrix inPlace(GgufTensor tensor) throws GgufException {
        if (tensor.type() != TensorType.QK256) {
            throw new GgufException(tensor + ": must be repacked into memory of this process, expected QK256, which"
                    + " kernels read in place; convert the model first (convert --type qk256)");
        }
        return Qk256Codec.inPlace(tensor);
    }

    private record Piece(Repacking work, int from, int to, long bytes) {}

    private static List<Piece> pieces(Repacking[] works) {
        List<Piece> pieces = new ArrayList<>();
        for (Repacking work : works) {
            int rows = work.isDone() ? 0 : work.matrix.rows();
            int step = Math.clamp(PIECE_BYTES / work.matrix.rowStride() / 4 * 4, 4, 1 << 20);
            for (int from = 0; from < rows; from += step) {
                int to = Math.min(rows, from + step);
                pieces.add(new Piece(work, from, to, work.tensor.data().byteSize() * (to - from) / rows));
            }
        }
        return pieces;
    }

    private static void repackPieces(List<Piece> pieces, int threads, Progress progress) throws GgufException {
        long total = pieces.stream().mapToLong(Piece::bytes).sum();
        Progress.Sum sum = new Progress.Sum(progress, "repacking", total);
        ParallelTasks.run(pieces.size(), threads, i -> {
            Piece piece = pieces.get(i);
            piece.work().rows(piece.from(), piece.to());
            sum.add(piece.bytes());
        });
        sum.finish();
    }

    private static TwoBitCodec codec(GgufTensor tensor) throws GgufException {
        Optional<TwoBitCodec> codec = TensorCodecs.findTwoBit(tensor.type());
        if (codec.isEmpty()) {
            throw new GgufException(
                    tensor + ": cannot become QK256: " + refusal(tensor).orElse(""));
        }
        return codec.get();
    }
}
