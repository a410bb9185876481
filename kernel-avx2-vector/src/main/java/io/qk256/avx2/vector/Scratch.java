package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Matrix;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A thread's copy of the input vector in the order in which the packed codes meet it, padded with zeros to whole
 * blocks. It grows to the widest matrix of the thread and is used again.
 *
 * <p>The products do not unpack codes into the order of the columns: they shift a whole vector of packed codes right by
 * two bits at a time. So for each run of {@link Lanes#WEIGHTS} columns, with {@code p} codes in a lane, step {@code k}
 * meets column {@code p * lane + k}.
 */
final class Scratch {

    private static final int CODES_IN_INT = 16;
    private static final int CODES_IN_SHORT = 8;

    private Codebook codebook = Codebook.TERNARY;
    private final float[] codebookValues = twice(codebook);
    private float[] copied = {};
    private float[] floats = {};
    private byte[] bytes = {};
    private short[] shorts = {};
    private int[] blockSums = {};
    private short[] chunks = {};
    private final short[] pairOfChunks = new short[2 * GemmI8.CHUNK];
    private int[] sums = {};
    private final short[] laneSums = new short[GemmI8.PAIR_OF_SUMS * Lanes.SHORTS.length()];
    private final float[] pairOfSums = new float[2];
    private MemorySegment rowCodes = MemorySegment.NULL;
    private MemorySegment rowScales = MemorySegment.NULL;
    private MemorySegment rowValues = MemorySegment.NULL;

    /**
     * The values of a codebook, twice: as an index into them, three bits mean the same as their low two, and no mask is
     * needed.
     */
    float[] codebook(Qk256Matrix w) {
        if (!codebook.equals(w.codebook())) {
            codebook = w.codebook();
            System.arraycopy(twice(codebook), 0, codebookValues, 0, codebookValues.length);
        }
        return codebookValues;
    }

    private static float[] twice(Codebook codebook) {
        float v0 = codebook.value0();
        float v1 = codebook.value1();
        float v2 = codebook.value2();
        float v3 = codebook.value3();
        return new float[] {v0, v1, v2, v3, v0, v1, v2, v3};
    }

    /** The values of an f32 vector, for int lanes. */
    float[] floats(F32Vector x, Qk256Matrix w) {
        int cols = w.cols();
        growFloats(padded(w));
        MemorySegment.copy(x.segment(), JAVA_FLOAT, 0, copied, 0, cols);
        return reordered(cols, padded(w));
    }

    /** The values of an int8 vector as floats, for int lanes. */
    float[] floats(I8Vector x, Qk256Matrix w) {
        int cols = w.cols();
        growFloats(padded(w));
        for (int c = 0; c < cols; c++) {
            copied[c] = x.segment().get(JAVA_BYTE, c);
        }
        return reordered(cols, padded(w));
    }

    /** The values of an int8 vector, for short lanes. */
    short[] shorts(I8Vector x, Qk256Matrix w) {
        int cols = w.cols();
        int padded = padded(w);
        if (shorts.length < padded) {
            shorts = new short[padded];
            bytes = new byte[padded];
            blockSums = new int[w.blocks()];
        }
        MemorySegment.copy(x.segment(), JAVA_BYTE, 0, bytes, 0, cols);
        Arrays.fill(bytes, cols, padded, (byte) 0);
        int lanes = Lanes.SHORTS.length();
        for (int run = 0; run < padded; run += Lanes.WEIGHTS) {
            for (int lane = 0; lane < lanes; lane++) {
                for (int k = 0; k < CODES_IN_SHORT; k++) {
                    shorts[run + k * lanes + lane] = bytes[run + lane * CODES_IN_SHORT + k];
                }
            }
        }
        for (int block = 0; block < w.blocks(); block++) {
            int sum = 0;
            for (int i = 0; i < Qk256.BLOCK_WEIGHTS; i++) {
                sum += bytes[block * Qk256.BLOCK_WEIGHTS + i];
            }
            blockSums[block] = sum;
        }
        return shorts;
    }

    /**
     * The values of some int8 vectors, for short lanes: chunk by chunk of {@link GemmI8#CHUNK}, in it group by group of
     * {@link GemmI8#GROUP} vectors. What a last group lacks means nothing.
     */
    short[] chunks(I8Matrix x, Qk256Matrix w) {
        int padded = padded(w);
        int places = Math.ceilDiv(x.columns(), GemmI8.GROUP) * GemmI8.GROUP;
        int length = Math.multiplyExact(Math.ceilDiv(padded, GemmI8.CHUNK) * GemmI8.CHUNK, places);
        if (chunks.length < length) {
            chunks = new short[length];
        }
        for (int c = 0; c < x.columns(); c++) {
            short[] column = shorts(x.column(c), w);
            for (int i = 0; i < padded; i += GemmI8.CHUNK) {
                int values = Math.min(GemmI8.CHUNK, padded - i);
                System.arraycopy(column, i, chunks, i * places + c * GemmI8.CHUNK, values);
            }
        }
        return chunks;
    }

    /** Room for the unpacked weights of a chunk of two rows. */
    short[] pairOfChunks() {
        return pairOfChunks;
    }

    /** Room for so many sums, or more. */
    int[] sums(int length) {
        if (sums.length < length) {
            sums = new int[length];
        }
        return sums;
    }

    /** Room for the lanes of the sums of two rows with a group of columns. */
    short[] laneSums() {
        return laneSums;
    }

    /** For each block the sum of the values that {@link #shorts} returned last. */
    int[] blockSums() {
        return blockSums;
    }

    private void growFloats(int padded) {
        if (floats.length < padded) {
            floats = new float[padded];
            copied = new float[padded];
        }
    }

    /** The copied values, with zeros after them, in the order of the products. */
    private float[] reordered(int cols, int padded) {
        Arrays.fill(copied, cols, padded, 0);
        int lanes = Lanes.INTS.length();
        for (int run = 0; run < padded; run += Lanes.WEIGHTS) {
            for (int lane = 0; lane < lanes; lane++) {
                for (int k = 0; k < CODES_IN_INT; k++) {
                    floats[run + k * lanes + lane] = copied[run + lane * CODES_IN_INT + k];
                }
            }
        }
        return floats;
    }

    /** Off-heap memory that holds a row's codes, at {@link #offset}. */
    MemorySegment codes(Qk256Matrix w, int row) {
        return codes(w, row, row);
    }

    /** Off-heap memory that holds the codes of two rows, at {@link #offset}. */
    MemorySegment codes(Qk256Matrix w, int row, int partner) {
        if (NativeMemory.is(w.codes())) {
            return w.codes();
        }
        long bytes = Qk256.rowBytes(w.cols());
        if (rowCodes.byteSize() < 2 * bytes) {
            rowCodes = Arena.ofAuto().allocate(2 * bytes, Lanes.BYTES);
        }
        MemorySegment.copy(w.codes(), row * w.rowStride(), rowCodes, 0, bytes);
        if (partner != row) {
            MemorySegment.copy(w.codes(), partner * w.rowStride(), rowCodes, bytes, bytes);
        }
        return rowCodes;
    }

    /**
     * Where a row starts in what {@link #codes} returned.
     *
     * @param place 0 for the first row of the call, 1 for its partner if that is another row
     */
    long offset(Qk256Matrix w, int row, int place) {
        return NativeMemory.is(w.codes()) ? row * w.rowStride() : place * Qk256.rowBytes(w.cols());
    }

    /** Room for the results of two rows. */
    float[] pairOfSums() {
        return pairOfSums;
    }

    /** Off-heap memory that holds the block scales of the rows, without those of earlier rows; empty if there are none. */
    MemorySegment scales(Qk256Matrix w, int fromRow, int toRow) {
        if (w.blockScales().isEmpty()) {
            return MemorySegment.NULL;
        }
        long rowBytes = (long) w.blocks() * Float.BYTES;
        MemorySegment scales = w.blockScales().get().asSlice(fromRow * rowBytes, (toRow - fromRow) * rowBytes);
        if (NativeMemory.is(scales)) {
            return scales;
        }
        if (rowScales.byteSize() < scales.byteSize()) {
            rowScales = Arena.ofAuto().allocate(scales.byteSize(), Lanes.BYTES);
        }
        rowScales.copyFrom(scales);
        return rowScales;
    }

    /** Off-heap memory for one row of decoded values. */
    MemorySegment rowValues(int cols) {
        long bytes = (long) cols * Float.BYTES;
        if (rowValues.byteSize() < bytes) {
            rowValues = Arena.ofAuto().allocate(bytes, Lanes.BYTES);
        }
        return rowValues;
    }

    private static int padded(Qk256Matrix w) {
        return Math.multiplyExact(w.blocks(), Qk256.BLOCK_WEIGHTS);
    }
}
