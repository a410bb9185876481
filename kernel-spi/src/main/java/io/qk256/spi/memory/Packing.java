package io.qk256.spi.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Packs an engine's weights into a {@link Qk256Matrix} off the heap, on {@linkplain HugePages huge pages} if the system
 * provides them. Rows are contiguous; any number of columns works, and the codes past the last column are 0. The source
 * holds its weights row by row, {@code rows * cols} of them or more; it may be anywhere in memory and is only read.
 *
 * <pre>{@code
 * Qk256Matrix w = Packing.into(arena).absMean(F32Vector.of(weights), rows, cols);
 * Qk256Matrix v = Packing.into(arena, parallelKernel).codes(bytes, rows, cols, Codebook.QK256); // with several threads
 * }</pre>
 *
 * <p>The result does not depend on the number of threads. A value that has no code is rejected; the message gives row and
 * column of the first one. Memory that was already allocated from the arena stays allocated. Immutable and thread-safe.
 */
public final class Packing {

    /** The lower bound on the scale of {@link #absMean}. */
    public static final float SMALLEST_SCALE = 1e-5f;

    /** Weights packed at a time, a multiple of a block. The arrays they pass through are small and stay in the cache. */
    private static final int CHUNK = 8192;

    /** About ten microseconds of work. */
    private static final int WEIGHTS_IN_PART = 1 << 16;

    private final Arena arena;
    private final @Nullable ParallelKernel threads;

    private Packing(Arena arena, @Nullable ParallelKernel threads) {
        this.arena = Objects.requireNonNull(arena, "arena");
        this.threads = threads;
    }

    /**
     * Returns a packer that works on the calling thread.
     *
     * @param arena the memory of the codes comes from it; it decides how long they live and which threads may use them
     */
    public static Packing into(Arena arena) {
        return new Packing(arena, null);
    }

    /**
     * Returns a packer that works with several threads.
     *
     * @param arena the memory of the codes comes from it; must be shared, automatic or global, and so must the arena of an
     *     off-heap source
     * @param threads provides the threads; its kernel is not used
     */
    public static Packing into(Arena arena, ParallelKernel threads) {
        return new Packing(arena, Objects.requireNonNull(threads, "threads"));
    }

    /**
     * Packs codes.
     *
     * @param codes one code per byte, 0 to 3
     * @param rows 0 or more
     * @param cols 1 or more
     * @param codebook the values of the codes
     * @return a matrix without scales
     * @throws IllegalArgumentException if there are too few bytes, one is not 0 to 3, or the shape is invalid
     */
    public Qk256Matrix codes(MemorySegment codes, int rows, int cols, Codebook codebook) {
        Objects.requireNonNull(codebook, "codebook");
        requireSize("codes", codes.byteSize(), rows, cols);
        return pack(rows, cols, codebook, () -> new Reader() {
            @Override
            void read(long at, int n, byte[] into) {
                MemorySegment.copy(codes, JAVA_BYTE, at, into, 0, n);
            }

            @Override
            String refusal(long at, String place) {
                return "codes: " + codes.get(JAVA_BYTE, at) + place + ", expected 0 to 3";
            }
        });
    }

    /** {@linkplain #codes(MemorySegment, int, int, Codebook) Packs} an array of codes. */
    public Qk256Matrix codes(byte[] codes, int rows, int cols, Codebook codebook) {
        return codes(MemorySegment.ofArray(codes), rows, cols, codebook);
    }

    /**
     * Packs ternary weights.
     *
     * @param values one weight per byte: −1, 0 or 1
     * @param rows 0 or more
     * @param cols 1 or more
     * @return a matrix with the codebook {@link Codebook#TERNARY} and no scales
     * @throws IllegalArgumentException if there are too few bytes, one is not −1, 0 or 1, or the shape is invalid
     */
    public Qk256Matrix ternary(MemorySegment values, int rows, int cols) {
        requireSize("values", values.byteSize(), rows, cols);
        return pack(rows, cols, Codebook.TERNARY, () -> new Reader() {
            @Override
            void read(long at, int n, byte[] into) {
                MemorySegment.copy(values, JAVA_BYTE, at, into, 0, n);
                CodeBytes.fromTernary(into, n);
            }

            @Override
            String refusal(long at, String place) {
                return "values: " + values.get(JAVA_BYTE, at) + place + ", expected -1, 0 or 1";
            }
        });
    }

    /** {@linkplain #ternary(MemorySegment, int, int) Packs} an array of ternary weights. */
    public Qk256Matrix ternary(byte[] values, int rows, int cols) {
        return ternary(MemorySegment.ofArray(values), rows, cols);
    }

    /**
     * Rounds weights to ternary values by the rule of BitNet b1.58: {@code scale = mean |w|} over the whole matrix, and
     * each weight becomes {@code w / scale}, rounded half to even and clamped to −1, 0 or 1.
     *
     * <p>The mean is computed in f64 (one sum per row, then the row sums from first to last) and rounded to f32; it is
     * at least {@link #SMALLEST_SCALE}. Source: S. Ma and others, <em>The Era of 1-bit LLMs: Training Tips, Code and
     * FAQ</em>, {@code weight_quant}.
     *
     * @param weights finite values
     * @param rows 0 or more
     * @param cols 1 or more
     * @return a matrix with the codebook {@link Codebook#TERNARY} and the scale as its tensor scale
     * @throws IllegalArgumentException if there are too few weights, one is not finite, or the shape is invalid
     */
    public Qk256Matrix absMean(F32Vector weights, int rows, int cols) {
        requireSize("weights", weights.length(), rows, cols);
        float scale = scale(weights, rows, cols);
        // A weight more than half a scale away from 0 rounds away from it; a tie goes to 0, the even neighbor.
        // This needs no division, and half of the scale is exact.
        int half = Float.floatToRawIntBits(scale / 2);
        return pack(rows, cols, Codebook.TERNARY, () -> new FloatReader(weights, "a finite value") {
                    @Override
                    void encode(int[] bits, int n, byte[] into) {
                        CodeBytes.fromSigns(bits, n, half, into);
                    }
                })
                .withTensorScale(scale);
    }

    /**
     * Packs weights that have at most four distinct values, without loss.
     *
     * @param weights each is the f32 product {@code value * scale} for a value of the codebook; 0 may have either sign
     * @param rows 0 or more
     * @param cols 1 or more
     * @param codebook the values; the first of equal values is used
     * @param scale finite
     * @return a matrix with the codebook, and the scale as its tensor scale
     * @throws IllegalArgumentException if there are too few weights, one has another value, the scale is not finite, or
     *     the shape is invalid
     */
    public Qk256Matrix exact(F32Vector weights, int rows, int cols, Codebook codebook, float scale) {
        requireSize("weights", weights.length(), rows, cols);
        if (!Float.isFinite(scale)) {
            throw new IllegalArgumentException("scale: " + scale + ", expected a finite value");
        }
        float[] values = new float[4];
        int[] valueBits = new int[4];
        for (int code = 0; code < 4; code++) {
            values[code] = codebook.value(code) * scale;
            valueBits[code] = Float.floatToRawIntBits(values[code] + 0f); // -0 becomes 0.
        }
        String expected = "one of " + Arrays.toString(values) + ", the values of the codebook times the scale " + scale;
        return pack(rows, cols, codebook, () -> new FloatReader(weights, expected) {
                    @Override
                    void encode(int[] bits, int n, byte[] into) {
                        CodeBytes.fromValues(bits, n, valueBits, into);
                    }
                })
                .withTensorScale(scale);
    }

    /**
     * Unpacks codes, for checks. Runs on the calling thread.
     *
     * @param w the matrix
     * @param codes receives one code per byte, row by row: {@code rows * cols} bytes; bytes beyond stay unchanged
     * @throws IllegalArgumentException if the segment is too small
     */
    public static void unpack(Qk256Matrix w, MemorySegment codes) {
        requireSize("codes", codes.byteSize(), w.rows(), w.cols());
        byte[] packed = new byte[CHUNK / 4];
        byte[] unpacked = new byte[CHUNK];
        long to = 0;
        for (int row = 0; row < w.rows(); row++) {
            for (int col = 0; col < w.cols(); col += CHUNK) {
                int n = Math.min(CHUNK, w.cols() - col);
                long from = row * w.rowStride() + col / 4;
                MemorySegment.copy(w.codes(), JAVA_BYTE, from, packed, 0, Math.ceilDiv(n, 4));
                CodeBytes.unpack(packed, n, unpacked);
                MemorySegment.copy(unpacked, 0, codes, JAVA_BYTE, to, n);
                to += n;
            }
        }
    }

    private static void requireSize(String name, long seen, int rows, int cols) {
        if (rows < 0 || cols < 1) {
            throw new IllegalArgumentException(
                    "rows: " + rows + ", expected 0 or more; cols: " + cols + ", expected 1 or more");
        }
        long needed = (long) rows * cols;
        if (seen < needed) {
            throw new IllegalArgumentException(name + ": " + seen + " values, expected " + needed + " or more (" + rows
                    + " rows x " + cols + " columns)");
        }
    }

    /** Turns weights into codes. Each range of rows has its own reader, so it may have buffers. */
    private abstract static class Reader {

        /** Writes the codes of the {@code n} weights from index {@code at}; above 3 for a weight that has no code. */
        abstract void read(long at, int n, byte[] into);

        /** Says why a weight has no code. */
        abstract String refusal(long at, String place);
    }

    private abstract static class FloatReader extends Reader {

        private final int[] bits = new int[CHUNK];
        private final F32Vector weights;
        private final String expected;

        FloatReader(F32Vector weights, String expected) {
            this.weights = weights;
            this.expected = expected;
        }

        abstract void encode(int[] bits, int n, byte[] into);

        @Override
        void read(long at, int n, byte[] into) {
            MemorySegment.copy(weights.segment(), JAVA_INT, at * Float.BYTES, bits, 0, n);
            encode(bits, n, into);
        }

        @Override
        String refusal(long at, String place) {
            return "weights: " + weights.get(at) + place + ", expected " + expected;
        }
    }

    private Qk256Matrix pack(int rows, int cols, Codebook codebook, Supplier<Reader> readers) {
        long rowBytes = Qk256.rowBytes(cols);
        MemorySegment packed = HugePages.allocate(arena, rows * rowBytes);
        AtomicLong firstBad = new AtomicLong(Long.MAX_VALUE);
        forRows(rows, cols, (from, to) -> {
            Reader reader = readers.get();
            byte[] codes = new byte[CHUNK];
            byte[] bytes = new byte[CHUNK / 4];
            boolean one = cols % Qk256.BLOCK_WEIGHTS == 0; // Without padding, the rows form one long row.
            long length = one ? (long) (to - from) * cols : cols;
            for (int row = from; row < to; row = one ? to : row + 1) {
                for (long col = 0; col < length; col += CHUNK) {
                    int n = (int) Math.min(CHUNK, length - col);
                    long at = (long) row * cols + col;
                    reader.read(at, n, codes);
                    if (!CodeBytes.pack(codes, n, bytes)) {
                        firstBad.accumulateAndGet(at + CodeBytes.firstBad(codes, n), Math::min);
                        return;
                    }
                    MemorySegment.copy(bytes, 0, packed, JAVA_BYTE, row * rowBytes + col / 4, Math.ceilDiv(n, 4));
                }
            }
        });
        if (firstBad.get() < Long.MAX_VALUE) {
            throw refusal(readers.get(), firstBad.get(), cols);
        }
        return Qk256Matrix.of(packed, rows, cols, codebook);
    }

    private static IllegalArgumentException refusal(Reader reader, long at, int cols) {
        return new IllegalArgumentException(reader.refusal(at, " at row " + at / cols + ", column " + at % cols));
    }

    private void forRows(int rows, int cols, RowTask task) {
        if (threads == null) {
            task.run(0, rows);
        } else {
            threads.forRows(rows, Math.max(1, WEIGHTS_IN_PART / cols), task);
        }
    }

    private float scale(F32Vector weights, int rows, int cols) {
        if (rows == 0) {
            return SMALLEST_SCALE;
        }
        double[] sums = new double[rows];
        forRows(rows, cols, (from, to) -> {
            float[] chunk = new float[Math.min(CHUNK, cols)];
            double[] lanes = new double[CodeBytes.LANES];
            for (int row = from; row < to; row++) {
                for (int col = 0; col < cols; col += CHUNK) {
                    int n = Math.min(CHUNK, cols - col);
                    long at = ((long) row * cols + col) * Float.BYTES;
                    MemorySegment.copy(weights.segment(), JAVA_FLOAT, at, chunk, 0, n);
                    sums[row] += CodeBytes.sumOfMagnitudes(chunk, n, lanes);
                }
            }
        });
        double sum = 0;
        for (int row = 0; row < rows; row++) {
            if (!Double.isFinite(sums[row])) { // The f64 sum of finite f32 values is finite.
                throw notFinite(weights, row, cols);
            }
            sum += sums[row];
        }
        return Math.max(SMALLEST_SCALE, (float) (sum / ((double) rows * cols)));
    }

    private static IllegalArgumentException notFinite(F32Vector weights, int row, int cols) {
        long at = (long) row * cols;
        while (Float.isFinite(weights.get(at))) {
            at++;
        }
        return new IllegalArgumentException("weights: " + weights.get(at) + " at row " + row + ", column " + at % cols
                + ", expected a finite value");
    }
}
