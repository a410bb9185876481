package io.qk256.avx2.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A thread's copy of a part of the input, in the order in which the packed codes use it and zero-padded to whole
 * blocks, and copies of operands that are on the heap. A part is a number of blocks of each row; it is bounded, so a
 * thread keeps at most about 5 MiB, however wide its matrices are.
 *
 * <p>The kernels do not unpack codes into column order: they shift a whole vector of packed codes right by two bits at
 * a time. So in each run of {@link Lanes#WEIGHTS} columns, with {@code p} codes in a lane, step {@code k}
 * uses column {@code p * lane + k}.
 */
final class Scratch {

    /** Blocks in a part: 32768 columns, more than the matrices of known models have. */
    static final int BLOCKS = 128;

    /** Rows whose sums are kept while the parts of wide rows pass. Even, because rows are processed in pairs. */
    static final int ROWS = 256;

    /** Scales in a block, one for 64 columns: the smallest group. */
    static final int SCALES = 4;

    /** Multipliers in a block, one for 32 columns. */
    static final int MULTIPLIERS = Qk256.BLOCK_WEIGHTS / I8Vector.GROUP;

    /** The lanes in which the contract adds the sums of groups. */
    static final int GROUP_LANES = 8;

    private static final int COLUMNS = BLOCKS * Qk256.BLOCK_WEIGHTS;
    private static final int CODES_IN_INT = 16;
    private static final int CODES_IN_SHORT = 8;

    /** Shared, because even an empty array is garbage if each call makes one. */
    static final float[] NO_FLOATS = {};

    static final short[] NO_SHORTS = {};
    static final int[] NO_INTS = {};

    private Codebook codebook = Codebook.TERNARY;
    private final float[] codebookValues = twice(codebook);
    private float[] copied = NO_FLOATS;
    private float[] floats = {};
    private byte[] bytes = {};
    private short[] shorts = {};
    private final int[] sumsOfQ = new int[BLOCKS * MULTIPLIERS];
    private final int[] multipliers = new int[BLOCKS * MULTIPLIERS];
    private final short[] copiedShorts = new short[BLOCKS * MULTIPLIERS];
    private final float[][] scales = {{}, {}};
    private final float[] copiedScales = new float[BLOCKS * SCALES];
    private final int[] lanesOfBlock = new int[2 * Lanes.INTS.length()];
    private int[] factors = {};
    private int[] offsets = {};
    private int[] sumsOfGroups = {};
    private double[] groupLanes = {};
    private short[] chunks = {};
    private final short[] pairOfChunks = new short[2 * GemmI8.CHUNK];
    private int[] sums = {};
    private final float[] floatSums = new float[ROWS * Lanes.FLOATS.length()];
    private final double[] doubleSums = new double[ROWS];
    private final short[] laneSums = new short[GemmI8.PAIR_OF_SUMS * Lanes.SHORTS.length()];
    private @Nullable GemmQ8Bytes q8Bytes;
    private @Nullable GemmQ8Shorts q8Shorts;
    private MemorySegment rowCodes = MemorySegment.NULL;
    private MemorySegment rowValues = MemorySegment.NULL;

    GemmQ8Bytes q8Bytes() {
        if (q8Bytes == null) {
            q8Bytes = new GemmQ8Bytes();
        }
        return q8Bytes;
    }

    GemmQ8Shorts q8Shorts() {
        if (q8Shorts == null) {
            q8Shorts = new GemmQ8Shorts();
        }
        return q8Shorts;
    }

    /**
     * The codebook values, twice: then three bits used as an index give the same value as the low two, and no mask is
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

    /** The number of blocks in the part that starts at a block. */
    static int blocks(Qk256Matrix w, int fromBlock) {
        return Math.min(BLOCKS, w.blocks() - fromBlock);
    }

    /** The number of columns that some blocks really have. */
    private static int columns(Qk256Matrix w, int fromBlock, int blocks) {
        return Math.min(blocks * Qk256.BLOCK_WEIGHTS, w.cols() - fromBlock * Qk256.BLOCK_WEIGHTS);
    }

    /** A part of an f32 vector, for int lanes. */
    float[] floats(F32Vector x, Qk256Matrix w, int fromBlock, int blocks) {
        int cols = columns(w, fromBlock, blocks);
        growFloats(blocks * Qk256.BLOCK_WEIGHTS);
        MemorySegment.copy(
                x.segment(), JAVA_FLOAT, fromBlock * (long) Qk256.BLOCK_WEIGHTS * Float.BYTES, copied, 0, cols);
        return reordered(cols, blocks * Qk256.BLOCK_WEIGHTS);
    }

    /** A part of an int8 vector as floats, for int lanes. */
    float[] floats(I8Vector x, Qk256Matrix w, int fromBlock, int blocks) {
        int cols = columns(w, fromBlock, blocks);
        growFloats(blocks * Qk256.BLOCK_WEIGHTS);
        for (int c = 0; c < cols; c++) {
            copied[c] = x.segment().get(JAVA_BYTE, fromBlock * (long) Qk256.BLOCK_WEIGHTS + c);
        }
        return reordered(cols, blocks * Qk256.BLOCK_WEIGHTS);
    }

    /** A part of an int8 vector, for short lanes. */
    short[] shorts(I8Vector x, Qk256Matrix w, int fromBlock, int blocks) {
        int cols = columns(w, fromBlock, blocks);
        int padded = blocks * Qk256.BLOCK_WEIGHTS;
        if (shorts.length < padded) {
            shorts = new short[padded];
            bytes = new byte[padded];
        }
        MemorySegment.copy(x.segment(), JAVA_BYTE, fromBlock * (long) Qk256.BLOCK_WEIGHTS, bytes, 0, cols);
        Arrays.fill(bytes, cols, padded, (byte) 0);
        int lanes = Lanes.SHORTS.length();
        for (int run = 0; run < padded; run += Lanes.WEIGHTS) {
            for (int lane = 0; lane < lanes; lane++) {
                for (int k = 0; k < CODES_IN_SHORT; k++) {
                    shorts[run + k * lanes + lane] = bytes[run + lane * CODES_IN_SHORT + k];
                }
            }
        }
        for (int group = 0; group < blocks * MULTIPLIERS; group++) {
            int sum = 0;
            for (int i = 0; i < I8Vector.GROUP; i++) {
                sum += bytes[group * I8Vector.GROUP + i];
            }
            sumsOfQ[group] = sum;
        }
        return shorts;
    }

    /**
     * The values of some int8 vectors, for short lanes: chunk by chunk of {@link GemmI8#CHUNK} values, within a chunk
     * group by group of {@link GemmI8#GROUP} vectors. Missing vectors of the last group have undefined values.
     *
     * @param fromColumn the first vector
     * @param columns the number of vectors
     */
    short[] chunks(I8Batch x, int fromColumn, int columns, Qk256Matrix w) {
        int padded = w.blocks() * Qk256.BLOCK_WEIGHTS;
        int places = Math.ceilDiv(columns, GemmI8.GROUP) * GemmI8.GROUP;
        int length = Math.ceilDiv(padded, GemmI8.CHUNK) * GemmI8.CHUNK * places;
        if (chunks.length < length) {
            chunks = new short[length];
        }
        for (int c = 0; c < columns; c++) {
            for (int block = 0; block < w.blocks(); block += BLOCKS) {
                int from = block * Qk256.BLOCK_WEIGHTS;
                short[] part = shorts(x.column(fromColumn + c), w, block, blocks(w, block));
                int values = blocks(w, block) * Qk256.BLOCK_WEIGHTS;
                for (int i = 0; i < values; i += GemmI8.CHUNK) {
                    int to = (from + i) * places + c * GemmI8.CHUNK;
                    System.arraycopy(part, i, chunks, to, Math.min(GemmI8.CHUNK, values - i));
                }
            }
        }
        return chunks;
    }

    /** Space for the unpacked weights of a chunk of two rows. */
    short[] pairOfChunks() {
        return pairOfChunks;
    }

    /** Space for at least this many sums. */
    int[] sums(int length) {
        if (sums.length < length) {
            sums = new int[length];
        }
        return sums;
    }

    /** Space for the lanes of the sums of {@link #ROWS} rows. */
    float[] floatSums() {
        return floatSums;
    }

    /** Space for the sums of {@link #ROWS} rows. */
    double[] doubleSums() {
        return doubleSums;
    }

    /** Space for the lanes of the sums of two rows with a group of columns. */
    short[] laneSums() {
        return laneSums;
    }

    /** For each 32 columns, the sum of the values that {@link #shorts} returned last. */
    int[] sumsOfQ() {
        return sumsOfQ;
    }

    /** The multipliers of a part of an int8 vector, 1 where it has none, and 0 beyond its last column. */
    int[] multipliers(I8Vector x, Qk256Matrix w, int fromBlock, int blocks) {
        int given = Math.ceilDiv(columns(w, fromBlock, blocks), I8Vector.GROUP);
        if (x.multipliers().isPresent()) {
            long from = (long) fromBlock * MULTIPLIERS * Short.BYTES;
            MemorySegment.copy(x.multipliers().get(), JAVA_SHORT, from, copiedShorts, 0, given);
        } else {
            Arrays.fill(copiedShorts, 0, given, (short) 1);
        }
        for (int i = 0; i < blocks * MULTIPLIERS; i++) {
            multipliers[i] = i < given ? copiedShorts[i] : 0;
        }
        return multipliers;
    }

    /** For each 16 columns, a step times the multiplier of those columns, of the part that was copied last. */
    int[] factors(int blocks, int step) {
        int length = blocks * 2 * MULTIPLIERS;
        if (factors.length < length) {
            factors = new int[length];
        }
        for (int i = 0; i < length; i++) {
            factors[i] = step * multipliers[i / 2];
        }
        return factors;
    }

    /**
     * For each 16 columns of the part that was copied last, what their sum needs in addition: for those that are first
     * of 32, a value times the sum of the 32 and their multiplier, for the others 0.
     */
    int[] offsets(int blocks, int value) {
        int length = blocks * 2 * MULTIPLIERS;
        if (offsets.length < length) {
            offsets = new int[length];
        }
        for (int i = 0; i < length / 2; i++) {
            offsets[2 * i] = value * sumsOfQ[i] * multipliers[i];
        }
        return offsets;
    }

    /** Space for the sums of each 64 columns of a part of a row, and for a vector behind them. */
    int[] sumsOfGroups() {
        if (sumsOfGroups.length == 0) {
            sumsOfGroups = new int[BLOCKS * SCALES + Lanes.INTS.length()];
        }
        return sumsOfGroups;
    }

    /**
     * The group scales of a part of a row, times a factor: one for each {@link #SCALES}-th of a block, so that scales
     * of larger groups are repeated; 0 beyond the last group, 1 if the matrix has none.
     *
     * @param place 0 or 1: the rows of a pair need a place each
     */
    float[] scales(int place, Qk256Matrix w, int row, int fromBlock, int blocks, float factor) {
        int length = blocks * SCALES;
        if (scales[place].length < length) {
            scales[place] = new float[length];
        }
        float[] to = scales[place];
        if (!w.hasGroupScales()) {
            Arrays.fill(to, 0, length, 1);
            return to;
        }
        int perBlock = Qk256.BLOCK_WEIGHTS / w.group();
        int shift = Integer.numberOfTrailingZeros(SCALES / perBlock);
        int groups = Math.min(blocks * perBlock, w.groups() - fromBlock * perBlock);
        copyScales(w, (long) row * w.groups() + (long) fromBlock * perBlock, groups);
        int end = groups << shift;
        if (shift == 0) {
            for (int i = 0; i < end; i++) {
                to[i] = copiedScales[i] * factor;
            }
        } else {
            for (int i = 0; i < end; i++) {
                to[i] = copiedScales[i >> shift] * factor;
            }
        }
        Arrays.fill(to, end, length, 0);
        return to;
    }

    private void copyScales(Qk256Matrix w, long from, int number) {
        MemorySegment all = w.groupScales().orElseThrow();
        if (w.scaleType() == ScaleType.F32) {
            MemorySegment.copy(all, JAVA_FLOAT, from * Float.BYTES, copiedScales, 0, number);
            return;
        }
        MemorySegment.copy(all, JAVA_SHORT, from * Short.BYTES, copiedShorts, 0, number);
        for (int i = 0; i < number; i++) {
            copiedScales[i] = Float.float16ToFloat(copiedShorts[i]);
        }
    }

    /** Space for the sums of a block, each of 16 columns. */
    int[] lanesOfBlock() {
        return lanesOfBlock;
    }

    /** Space for the lanes of {@link #ROWS} rows in which the sums of groups are added. */
    double[] groupLanes() {
        if (groupLanes.length == 0) {
            groupLanes = new double[ROWS * GROUP_LANES];
        }
        return groupLanes;
    }

    private void growFloats(int padded) {
        if (floats.length < padded) {
            floats = new float[padded];
            copied = new float[padded];
        }
    }

    /** The copied values, followed by zeros, in the order in which the kernels use them. */
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

    /** Off-heap memory that contains some blocks of a row's codes, at {@link #offset}. */
    MemorySegment codes(Qk256Matrix w, int row, int fromBlock, int blocks) {
        return codes(w, row, row, fromBlock, blocks);
    }

    /** Off-heap memory that contains some blocks of the codes of two rows, at {@link #offset}. */
    MemorySegment codes(Qk256Matrix w, int row, int partner, int fromBlock, int blocks) {
        if (NativeMemory.is(w.codes())) {
            return w.codes();
        }
        if (rowCodes.byteSize() == 0) {
            rowCodes = Arena.ofAuto().allocate(2L * BLOCKS * Qk256.BLOCK_BYTES, Lanes.BYTES);
        }
        long from = (long) fromBlock * Qk256.BLOCK_BYTES;
        long bytes = (long) blocks * Qk256.BLOCK_BYTES;
        MemorySegment.copy(w.codes(), row * w.rowStride() + from, rowCodes, 0, bytes);
        if (partner != row) {
            MemorySegment.copy(w.codes(), partner * w.rowStride() + from, rowCodes, bytes, bytes);
        }
        return rowCodes;
    }

    /**
     * The offset of the blocks in the memory that {@link #codes} returned.
     *
     * @param place 0 for the first row of the call, 1 for its partner if that is another row
     */
    static long offset(Qk256Matrix w, int row, int place, int fromBlock, int blocks) {
        return NativeMemory.is(w.codes())
                ? row * w.rowStride() + (long) fromBlock * Qk256.BLOCK_BYTES
                : (long) place * blocks * Qk256.BLOCK_BYTES;
    }

    /** Off-heap memory for the dequantized values of a part of a row. */
    MemorySegment rowValues() {
        if (rowValues.byteSize() == 0) {
            rowValues = Arena.ofAuto().allocate((long) COLUMNS * Float.BYTES, Lanes.BYTES);
        }
        return rowValues;
    }
}
