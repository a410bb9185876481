package io.qk256.gguf;

import java.util.Optional;

/**
 * The tensor types of ggml and bitnet.cpp. A tensor is a sequence of blocks; some of bitnet.cpp's types have extra
 * bytes after the last block.
 *
 * <p>Sources: ggml-org/ggml {@code include/ggml.h}, {@code src/ggml-common.h}; for I2_S, I8_S, TL1 and TL2 the
 * llama.cpp forks of microsoft/BitNet, {@code ggml_nbytes}.
 */
public enum TensorType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q8_1(9, 32, 36),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    Q8_K(15, 256, 292),
    IQ2_XXS(16, 256, 66),
    IQ2_XS(17, 256, 74),
    IQ3_XXS(18, 256, 98),
    IQ1_S(19, 256, 50),
    IQ4_NL(20, 32, 18),
    IQ3_S(21, 256, 110),
    IQ2_S(22, 256, 82),
    IQ4_XS(23, 256, 136),
    I8(24, 1, 1),
    I16(25, 1, 2),
    I32(26, 1, 4),
    I64(27, 1, 8),
    F64(28, 1, 8),
    IQ1_M(29, 256, 56),
    BF16(30, 1, 2),
    TQ1_0(34, 256, 54),
    TQ2_0(35, 256, 66),
    /** bitnet.cpp's ternary weights; the last 32 bytes start with the f32 scale of the tensor. */
    I2_S(36, 128, 32, 32),
    /** I2_S as packed on ARM; only {@link TypeRules} can identify it. */
    I2_S_ARM(-1, 64, 16, 32),
    /** I2_S as packed on x86 without {@code ACT_PARALLEL}; only {@link TypeRules} can identify it. */
    I2_S_ROWS4(-1, 4, 1, 32),
    I8_S(37, 1, 1),
    /** bitnet.cpp's lookup-table weights for ARM. */
    TL1(38, 4, 1, 32),
    MXFP4(39, 32, 17),
    NVFP4(40, 64, 36),
    Q1_0(41, 128, 18),
    Q2_0(42, 64, 18),
    /** PrismML's form of Q2_0, with the same id; the sizes of the tensors tell it from ggml's. */
    Q2_0_G128(-1, 128, 34),
    /** Q2_0 in groups of 128 weights, under an id of PrismML's own. */
    PQ2_0(142, 128, 34),
    /** PrismML's ternary digits, five in a byte, in groups of 128 weights. */
    PTQ1_0(143, 128, 28),
    /**
     * bitnet.cpp's lookup-table weights for x86: id 39, or 42 in the 2026 fork. The size depends on the model's shape.
     */
    TL2(-1, 1, 0),
    /** The layout of the kernels, in files that this program writes as I8; only {@link TypeRules} can identify it. */
    QK256(-1, 1, 0),
    /** A type of another program, or one that ggml has removed; {@link GgufTensor#typeId} has the number. */
    OTHER(-1, 1, 0);

    /** Ids up to here may come from newer programs or forks; a larger one means a damaged file. */
    private static final int MAX_OTHER = 65_535;

    private static final int MXFP4_OR_TL2 = 39;
    private static final int Q2_0_OR_TL2 = 42;
    private static final TensorType[] ALL = values();

    private final int id;
    private final int blockWeights;
    private final int blockBytes;
    private final int trailerBytes;

    TensorType(int id, int blockWeights, int blockBytes, int trailerBytes) {
        this.id = id;
        this.blockWeights = blockWeights;
        this.blockBytes = blockBytes;
        this.trailerBytes = trailerBytes;
    }

    TensorType(int id, int blockWeights, int blockBytes) {
        this(id, blockWeights, blockBytes, 0);
    }

    /**
     * The type that an id stands for in a model of that architecture: two ids mean TL2 in bitnet.cpp and other types
     * in ggml.
     *
     * @param id the id in the file
     * @param architecture the value of {@code general.architecture}, empty if there is none
     * @return {@link #OTHER} if the id may come from another program, or ggml removed it; empty if no program has it
     */
    static Optional<TensorType> of(int id, String architecture) {
        if ((id == MXFP4_OR_TL2 || id == Q2_0_OR_TL2) && architecture.startsWith("bitnet")) {
            return Optional.of(TL2);
        }
        for (TensorType type : ALL) {
            if (type.id == id && id >= 0) {
                return Optional.of(type);
            }
        }
        return id >= 0 && id <= MAX_OTHER ? Optional.of(OTHER) : Optional.empty();
    }

    /** Whether ggml once had a type with that id. */
    public static boolean wasRemoved(int id) {
        return id == 4 || id == 5 || (id >= 31 && id <= 33);
    }

    /** The id in a file; negative for types that have none of their own. */
    public int id() {
        return id;
    }

    /** The number of weights in a block; the first dimension is a multiple of it. */
    public int blockWeights() {
        return blockWeights;
    }

    /** The number of bytes in a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether {@link #bytes} is known: not for TL2, QK256 and {@link #OTHER}. */
    boolean hasKnownSize() {
        return blockBytes > 0;
    }

    /**
     * Returns the size of a tensor in bytes.
     *
     * @param weights the number of weights, a multiple of the block
     * @throws ArithmeticException if the size does not fit in 63 bits
     */
    public long bytes(long weights) {
        return Math.addExact(Math.multiplyExact(weights / blockWeights, (long) blockBytes), trailerBytes);
    }

    /** The name and id, for messages. */
    public String label() {
        return switch (this) {
            case TL2, QK256, OTHER -> name();
            case I2_S_ARM -> I2_S.label() + " in the ARM layout";
            case I2_S_ROWS4 -> I2_S.label() + " in the four-row layout";
            case Q2_0_G128 -> Q2_0.label() + " in groups of 128";
            default -> name() + " (type " + id + ")";
        };
    }
}
