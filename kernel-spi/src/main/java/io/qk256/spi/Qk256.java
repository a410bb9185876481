package io.qk256.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * The QK256 layout: 256 weights of two bits in 64 bytes.
 *
 * <p>Weight {@code i} of a block is stored in bits {@code 2*(i mod 4)} and {@code 2*(i mod 4)+1} of byte
 * {@code i / 4}, least significant bits first. A row of a matrix is {@code ceil(cols / 256)}
 * blocks; its last block has codes past {@code cols}, which are ignored. The {@link Codebook} gives the
 * value of each code.
 *
 * <p>The layout was defined by BitNet-rs ({@code bitnet-quantization/src/i2s_qk256.rs}).
 */
public final class Qk256 {

    /** Weights in a block. */
    public static final int BLOCK_WEIGHTS = 256;

    /** Bytes in a block. */
    public static final int BLOCK_BYTES = 64;

    private Qk256() {}

    /**
     * Returns the number of blocks in a row.
     *
     * @param cols weights in the row, at least 1
     * @return {@code ceil(cols / 256)}
     * @throws IllegalArgumentException if {@code cols} is below 1
     */
    public static int blocks(int cols) {
        if (cols < 1) {
            throw new IllegalArgumentException("cols: " + cols + ", expected 1 or more");
        }
        return (cols - 1) / BLOCK_WEIGHTS + 1;
    }

    /**
     * Returns the number of bytes in a row, without padding between rows.
     *
     * @param cols weights in the row, at least 1
     * @return {@code blocks(cols) * 64}
     */
    public static long rowBytes(int cols) {
        return (long) blocks(cols) * BLOCK_BYTES;
    }

    /**
     * Reads one code of a packed row.
     *
     * @param row the packed bytes, starting at the first weight of the row
     * @param i index of the weight within the row
     * @return the code, 0 to 3
     * @throws IndexOutOfBoundsException if the weight lies outside the segment
     */
    public static int code(MemorySegment row, long i) {
        int packed = row.get(ValueLayout.JAVA_BYTE, i >> 2);
        return packed >> (2 * (int) (i & 3)) & 3;
    }

    /**
     * Packs one row.
     *
     * @param codes the codes of the row, each 0 to 3
     * @param row receives {@code rowBytes(codes.length)} bytes; padding codes are set to 0
     * @throws IllegalArgumentException if there are no codes, a code is not 0 to 3, or the row is too small
     */
    public static void pack(byte[] codes, MemorySegment row) {
        Objects.requireNonNull(codes, "codes");
        long needed = rowBytes(codes.length);
        if (row.byteSize() < needed) {
            throw new IllegalArgumentException(
                    "row: " + codes.length + " codes need " + needed + " bytes, got " + row.byteSize());
        }
        row.asSlice(0, needed).fill((byte) 0);
        for (int i = 0; i < codes.length; i++) {
            int code = codes[i];
            if ((code & ~3) != 0) {
                throw new IllegalArgumentException("codes[" + i + "]: " + code + ", expected 0 to 3");
            }
            byte packed = row.get(ValueLayout.JAVA_BYTE, i >> 2);
            row.set(ValueLayout.JAVA_BYTE, i >> 2, (byte) (packed | code << (2 * (i & 3))));
        }
    }
}
