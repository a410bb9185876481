package io.qk256.spi;

import io.qk256.spi.parallel.ParallelKernel;

/**
 * The operations on QK256 weights: decoding, and the products with an f32 vector, with an int8 vector
 * and with several int8 vectors at once. Kernels are stateless and thread-safe: any number of threads
 * may call any operation, also on the same matrix, if their outputs do not overlap.
 *
 * <p>The public methods check their arguments and then call the kernel's own, which may trust them:
 * views are alive, on memory that this thread may use, long enough; the range of rows is within
 * the matrix and not empty; the output is writable and overlaps no input.
 *
 * <p>Vectors may be longer than an operation needs, such as a buffer for the widest layer of a model. Shapes come from
 * the matrix alone: what lies beyond is neither read nor written. Column {@code i} of a batch starts at value
 * {@code i * x.length()}, so columns may have padding; those of its result are {@code rows} apart, whatever the length of
 * {@code y}. A kernel asks the matrix for {@code rows} and {@code cols}, not a vector for its length. Views that overlap
 * are refused also where only what lies beyond does.
 *
 * <p>All operations work on the rows {@code [fromRow, toRow)}, so that a caller can split a matrix over
 * threads; results do not depend on the split. They read neither codes past {@code cols} for their
 * meaning nor memory outside the views, leave their inputs unchanged, and write nothing but the result.
 *
 * <p>Memory may be confined to the calling thread, so a kernel works on that thread;
 * {@link ParallelKernel} splits the work of one over several.
 *
 * <p>The memory of all views must stay alive until the call returns. Closing a shared arena under a
 * running native kernel is undefined behaviour, as it is for any native call by address.
 */
public abstract class Kernel {

    /** For kernels. */
    protected Kernel() {}

    /**
     * Decodes rows: {@code out[(r - fromRow) * cols + c] = codebook(code) * scale(r, c / 256)}.
     *
     * <p>Exactness: every value is one f32 product, rounded once; every kernel gives the same bits,
     * except that a NaN may be any NaN.
     *
     * @param w the matrix
     * @param fromRow first row
     * @param toRow one past the last row
     * @param out {@code (toRow - fromRow) * cols} values or more
     * @throws IllegalArgumentException if a vector is too short, the range does not fit, or the output overlaps an input
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void dequantize(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        requireRows(w, fromRow, toRow);
        requireLength("out", out.length(), (long) (toRow - fromRow) * w.cols(), "rows in the range x cols");
        requireMatrix(w, "out", out);
        if (fromRow < toRow) {
            dequantizeRows(w, fromRow, toRow, out);
        }
    }

    /** {@linkplain #dequantize(Qk256Matrix, int, int, F32Vector) Decodes} all rows. */
    public final void dequantize(Qk256Matrix w, F32Vector out) {
        dequantize(w, 0, w.rows(), out);
    }

    /**
     * Multiplies rows with an f32 vector: {@code y[r] = sum over c of w(r, c) * x[c]}, for the rows of
     * the range; the other elements of {@code y} stay as they are.
     *
     * <p>Exactness: the order of summation and fused multiply-adds are the kernel's choice, so where no
     * order can round, the result is exact. The error is at most {@code gamma(k) * sum |w(r, c) * x[c]|},
     * {@code gamma(k) = k*u / (1 - k*u)}, {@code u = 2^-24}, where {@code w(r, c)} is the product of the
     * codebook's value, the block scale and the tensor scale in real numbers, and {@code k} is
     * {@code cols}, plus 1 if there are block scales, plus 1 if the tensor scale is not 1 (Higham,
     * Accuracy and Stability of Numerical Algorithms, section 3.1). As for {@link #dequantize(Qk256Matrix,
     * int, int, F32Vector) dequantize}, block scale times tensor scale is one f32, by which sums of
     * {@code value * x} over columns of the block are multiplied; without block scales, sums over columns of
     * the row are multiplied by the tensor scale. The bound holds while neither these scales nor these
     * sums, before or after, overflow; where a product underflows, half of the smallest f32 is added, times the
     * factors that follow. Results are the same for every split into ranges. NaN and infinities follow
     * IEEE 754; a product with weight 0 is not skipped.
     *
     * @param w the matrix
     * @param x {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code rows} values or more
     * @throws IllegalArgumentException if a vector is too short, the range does not fit, or the output overlaps an input
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemv(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        requireRows(w, fromRow, toRow);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), w.rows(), "rows");
        requireMatrix(w, "y", y);
        requireVector(x, y);
        if (fromRow < toRow) {
            gemvF32Rows(w, x, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemv(Qk256Matrix, F32Vector, int, int, F32Vector) Multiplies} all rows. */
    public final void gemv(Qk256Matrix w, F32Vector x, F32Vector y) {
        gemv(w, x, 0, w.rows(), y);
    }

    /**
     * Multiplies rows with int8 activations, for the rows of the range; the other elements of {@code y}
     * stay as they are.
     *
     * <p>Exactness: all bits are defined. With {@code S(b) = sum over the block's columns of
     * value(code) * q[c]}, an exact int32,
     * <pre>
     *     no block scales:  y[r] = (float) (sum over b of S(b))                    / x.scale * tensorScale
     *     block scales:     y[r] = (float) (sum over b of S(b) * blockScale(r, b)) / x.scale * tensorScale
     * </pre>
     * where the sum without block scales is int32, and the sum with them is f64, taken in the order of
     * the blocks starting from 0 (each product is exact in f64, so fusing it changes nothing). The division and
     * the last product are f32, left to right, as bitnet.cpp computes them. A NaN may be any NaN.
     *
     * @param w the matrix; {@link Qk256Matrix#supportsInt8()} must hold
     * @param x {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code rows} values or more
     * @throws IllegalArgumentException if a vector is too short, the range does not fit, the output overlaps an input,
     *     or the codebook is not integer
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemv(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        requireRows(w, fromRow, toRow);
        requireInteger(w);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), w.rows(), "rows");
        requireMatrix(w, "y", y);
        requireVector(x, y);
        if (fromRow < toRow) {
            gemvI8Rows(w, x, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemv(Qk256Matrix, I8Vector, int, int, F32Vector) Multiplies} all rows. */
    public final void gemv(Qk256Matrix w, I8Vector x, F32Vector y) {
        gemv(w, x, 0, w.rows(), y);
    }

    /**
     * Multiplies rows with several columns of int8 activations:
     * {@code y[i * rows + r] = gemv(w, x.column(i))[r]}, for the rows of the range; the other elements of
     * {@code y} stay as they are. The weights are read once for several columns, where the kernel can.
     *
     * <p>Exactness: all bits are those of {@link #gemv(Qk256Matrix, I8Vector, int, int, F32Vector)}.
     *
     * @param w the matrix; {@link Qk256Matrix#supportsInt8()} must hold
     * @param x columns of {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code columns * rows} values or more, column by column
     * @throws IllegalArgumentException if a vector is too short, the range does not fit, the output overlaps an input,
     *     or the codebook is not integer
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemm(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        requireRows(w, fromRow, toRow);
        requireInteger(w);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), (long) x.columns() * w.rows(), "columns x rows");
        requireMatrix(w, "y", y);
        requireVector(x, y);
        if (fromRow < toRow) {
            gemmI8Rows(w, x, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemm(Qk256Matrix, I8Batch, int, int, F32Vector) Multiplies} all rows. */
    public final void gemm(Qk256Matrix w, I8Batch x, F32Vector y) {
        gemm(w, x, 0, w.rows(), y);
    }

    /** Does {@link #dequantize(Qk256Matrix, int, int, F32Vector)}; the arguments are checked. */
    protected abstract void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out);

    /** Does {@link #gemv(Qk256Matrix, F32Vector, int, int, F32Vector)}; the arguments are checked. */
    protected abstract void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y);

    /** Does {@link #gemv(Qk256Matrix, I8Vector, int, int, F32Vector)}; the arguments are checked. */
    protected abstract void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y);

    /**
     * Does {@link #gemm(Qk256Matrix, I8Batch, int, int, F32Vector)}; the arguments are checked. Unless a
     * kernel does better, one column after the other.
     */
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        for (int i = 0; i < x.columns(); i++) {
            F32Vector column = y.slice((long) i * w.rows(), (i + 1L) * w.rows());
            gemvI8Rows(w, x.column(i), fromRow, toRow, column);
        }
    }

    private static void requireRows(Qk256Matrix w, int fromRow, int toRow) {
        if (fromRow < 0 || toRow < fromRow || toRow > w.rows()) {
            throw new IllegalArgumentException(
                    "rows: [" + fromRow + ", " + toRow + "), expected a range within [0, " + w.rows() + ")");
        }
    }

    private static void requireInteger(Qk256Matrix w) {
        if (!w.supportsInt8()) {
            throw new IllegalArgumentException("int8 product: expected integer codebook values from "
                    + Codebook.MIN_INTEGER + " to " + Codebook.MAX_INTEGER
                    + " whose sum over the columns fits in int32, got " + w.codebook() + " and " + w.cols()
                    + " columns; use the f32 product");
        }
    }

    private static void requireLength(String name, long seen, long expected, String what) {
        if (seen < expected) {
            throw new IllegalArgumentException(
                    name + ": length " + seen + ", expected " + expected + " or more (" + what + ")");
        }
    }

    private static void requireMatrix(Qk256Matrix w, String outName, MemoryView out) {
        out.requireWritable(outName);
        w.requireInputOf(out, outName);
    }

    private static void requireVector(MemoryView x, MemoryView y) {
        x.requireUsable("x");
        y.requireDisjoint("y", x, "x");
    }
}
