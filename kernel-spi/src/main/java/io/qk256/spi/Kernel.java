package io.qk256.spi;

import io.qk256.spi.parallel.ParallelKernel;
import java.lang.reflect.Method;

/**
 * The operations on QK256 weights: dequantize, GEMV with an f32 vector, GEMV with an int8 vector, and GEMM
 * with several int8 vectors at once; and a GEMM for the 8-bit weights that models have beside them. Kernels are stateless and thread-safe: any number of threads may call
 * any operation, even on the same matrix, as long as their outputs do not overlap.
 *
 * <p>The public methods check their arguments and then call the kernel's own methods, which may rely on
 * this: views are alive, accessible to this thread, and long enough; the row range is within the matrix and
 * not empty; the output is writable and overlaps no input.
 *
 * <p>Vectors may be longer than an operation needs, for example a buffer for the widest layer of a model. Shapes come
 * from the matrix alone: values beyond the shape are neither read nor written. Column {@code i} of a batch starts at
 * value {@code i * x.length()}, so columns may have padding; columns of the result are {@code rows} apart, whatever the
 * length of {@code y}. A kernel takes {@code rows} and {@code cols} from the matrix, never from the length of a vector.
 * Overlapping views are rejected even if only the unused parts overlap.
 *
 * <p>All operations work on the rows {@code [fromRow, toRow)}, so a caller can split a matrix over
 * threads; results do not depend on the split. An operation ignores the codes past {@code cols}, reads no
 * memory outside the views, leaves its inputs unchanged, and writes nothing but the result.
 *
 * <p>Memory may be confined to the calling thread, so a kernel does its work on that thread;
 * {@link ParallelKernel} splits the work of one kernel over several threads.
 *
 * <p>The memory of all views must stay alive until the call returns. Closing a shared arena while a
 * native kernel runs is undefined behavior, as it is for any native call by address.
 */
public abstract class Kernel {

    /** For subclasses. */
    protected Kernel() {}

    /**
     * Dequantizes rows: {@code out[(r - fromRow) * cols + c] = codebook(code) * scale(r, c / group)}.
     *
     * <p>Exactness: every value is one f32 product, rounded once. Every kernel returns the same bits,
     * except that a NaN may be any NaN.
     *
     * @param w the matrix
     * @param fromRow first row
     * @param toRow one past the last row
     * @param out {@code (toRow - fromRow) * cols} values or more
     * @throws IllegalArgumentException if a vector is too short, the row range is invalid, or the output overlaps an
     *     input
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void dequantize(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        requireRows(w.rows(), fromRow, toRow);
        requireLength("out", out.length(), (long) (toRow - fromRow) * w.cols(), "rows in the range x cols");
        requireMatrix(w, "out", out);
        if (fromRow < toRow) {
            dequantizeRows(w, fromRow, toRow, out);
        }
    }

    /** {@linkplain #dequantize(Qk256Matrix, int, int, F32Vector) Dequantizes} all rows. */
    public final void dequantize(Qk256Matrix w, F32Vector out) {
        dequantize(w, 0, w.rows(), out);
    }

    /**
     * Multiplies rows by an f32 vector: {@code y[r] = sum over c of w(r, c) * x[c]} for the rows of
     * the range; the other elements of {@code y} stay unchanged.
     *
     * <p>Exactness: the kernel chooses the order of summation and whether multiply-adds are fused, so where no
     * order can round, the result is exact. The error is at most {@code gamma(k) * sum |w(r, c) * x[c]|},
     * {@code gamma(k) = k*u / (1 - k*u)}, {@code u = 2^-24}, where {@code w(r, c)} is the product of the
     * codebook value, the group scale and the tensor scale in real numbers, and {@code k} is
     * {@code cols}, plus 1 if there are group scales, plus 1 if the tensor scale is not 1 (Higham,
     * Accuracy and Stability of Numerical Algorithms, section 3.1). As in {@link #dequantize(Qk256Matrix,
     * int, int, F32Vector) dequantize}, group scale times tensor scale is rounded to one f32; it multiplies sums of
     * {@code value * x} over columns of the group. Without group scales, the tensor scale multiplies sums over
     * columns of the row. The bound holds as long as neither these scales nor these sums overflow, before or
     * after scaling. Where a product underflows, half of the smallest f32 is added, times the
     * factors that follow. Results are the same for every split into row ranges. NaN and infinities follow
     * IEEE 754; a product with weight 0 is not skipped.
     *
     * @param w the matrix
     * @param x {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code rows} values or more
     * @throws IllegalArgumentException if a vector is too short, the row range is invalid, or the output overlaps an
     *     input
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemv(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        requireRows(w.rows(), fromRow, toRow);
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
     * Multiplies rows by int8 activations for the rows of the range; the other elements of {@code y}
     * stay unchanged.
     *
     * <p>Exactness: all bits are defined. With {@code U(g) = sum over the group's columns of
     * value(code) * q[c] * multiplier[c / 32]}, an exact integer (below 2^46, and an int32 if there are no
     * multipliers; they are then 1),
     * <pre>
     *     no group scales:  y[r] = (float) (sum over g of U(g))                    / x.scale * tensorScale
     *     group scales:     y[r] = (float) (sum over g of U(g) * groupScale(r, g)) / x.scale * tensorScale
     * </pre>
     * where the sum without group scales is an exact integer. The sum with group scales is f64, of products rounded to
     * f64, in eight lanes: lane {@code g mod 8} adds the products of its groups in their order, starting from 0, and
     * the lanes are added as {@code ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))}. The division and the final
     * product are f32, left to right, as bitnet.cpp computes them. A NaN may be any NaN.
     *
     * <p>With f16 scales and without multipliers, all products are multiples of 2^-24, so as long as their magnitudes
     * add up to less than 2^29 every order gives the same bits.
     *
     * @param w the matrix; {@link Qk256Matrix#supportsInt8()} must hold
     * @param x {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code rows} values or more
     * @throws IllegalArgumentException if a vector is too short, the row range is invalid, the output overlaps an
     *     input, or the matrix does not support int8
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemv(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        requireRows(w.rows(), fromRow, toRow);
        requireInteger(w);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), w.rows(), "rows");
        requireMatrix(w, "y", y);
        x.requireInputOf(y);
        if (fromRow < toRow) {
            gemvI8Rows(w, x, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemv(Qk256Matrix, I8Vector, int, int, F32Vector) Multiplies} all rows. */
    public final void gemv(Qk256Matrix w, I8Vector x, F32Vector y) {
        gemv(w, x, 0, w.rows(), y);
    }

    /**
     * Multiplies rows by several columns of int8 activations:
     * {@code y[i * rows + r] = gemv(w, x.column(i))[r]} for the rows of the range; the other elements of
     * {@code y} stay unchanged. A kernel that can reads the weights once for several columns.
     *
     * <p>Exactness: the same bits as {@link #gemv(Qk256Matrix, I8Vector, int, int, F32Vector)}.
     *
     * @param w the matrix; {@link Qk256Matrix#supportsInt8()} must hold
     * @param x columns of {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code columns * rows} values or more, column by column
     * @throws IllegalArgumentException if a vector is too short, the row range is invalid, the output overlaps an
     *     input, or the matrix does not support int8
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemm(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        requireRows(w.rows(), fromRow, toRow);
        requireInteger(w);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), (long) x.columns() * w.rows(), "columns x rows");
        requireMatrix(w, "y", y);
        x.requireInputOf(y);
        if (fromRow < toRow) {
            gemmI8Rows(w, x, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemm(Qk256Matrix, I8Batch, int, int, F32Vector) Multiplies} all rows. */
    public final void gemm(Qk256Matrix w, I8Batch x, F32Vector y) {
        gemm(w, x, 0, w.rows(), y);
    }

    /**
     * Multiplies rows of 8-bit weights by one or more columns of int8 activations, for the rows of the range; the other
     * elements of {@code y} stay unchanged. A kernel reads the weights once for several columns if it can.
     *
     * <p>Exactness: all bits are defined. With {@code U(g) = sum over the 32 columns of code * q[c] * multiplier[g]}, an
     * exact integer (below 2^34; multipliers are 1 if there are none),
     * <pre>
     *     y[i * rows + r] = (float) (sum over g of U(g) * scale(r, g)) / x.column(i).scale
     * </pre>
     * where the sum is f64, starts from 0 and takes the groups in order. The products are exact, so it does not matter
     * whether a product and its addition are fused. The division is f32. A NaN may be any NaN.
     *
     * @param w the matrix
     * @param x columns of {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code columns * rows} values or more, column by column
     * @throws IllegalArgumentException if a vector is too short, the row range is invalid, or the output overlaps an
     *     input
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemm(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        requireRows(w.rows(), fromRow, toRow);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), (long) x.columns() * w.rows(), "columns x rows");
        y.requireWritable("y");
        w.requireInputOf(y, "y");
        x.requireInputOf(y);
        if (fromRow < toRow) {
            gemmQ8Rows(w, x, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemm(Q8Matrix, I8Batch, int, int, F32Vector) Multiplies} all rows. */
    public final void gemm(Q8Matrix w, I8Batch x, F32Vector y) {
        gemm(w, x, 0, w.rows(), y);
    }

    /**
     * Multiplies rows of 8-bit weights by one or more columns of int16 activations, for the rows of the range; the other
     * elements of {@code y} stay unchanged. A kernel reads the weights once for several columns if it can.
     *
     * <p>Exactness: as for {@linkplain #gemm(Q8Matrix, I8Batch, int, int, F32Vector) int8 activations} without
     * multipliers. {@code U(g)} is at most 2^27, so it fits in int32.
     *
     * @param w the matrix
     * @param x columns of {@code cols} values or more
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code columns * rows} values or more, column by column
     * @throws IllegalArgumentException if a vector is too short, the row range is invalid, or the output overlaps an
     *     input
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemm(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        requireRows(w.rows(), fromRow, toRow);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), (long) x.columns() * w.rows(), "columns x rows");
        y.requireWritable("y");
        w.requireInputOf(y, "y");
        x.requireInputOf(y);
        if (fromRow < toRow) {
            gemmQ8Rows(w, x, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemm(Q8Matrix, I16Batch, int, int, F32Vector) Multiplies} all rows. */
    public final void gemm(Q8Matrix w, I16Batch x, F32Vector y) {
        gemm(w, x, 0, w.rows(), y);
    }

    /**
     * Multiplies some rows by int8 activations: {@code y[r] = gemv(w, x)[r]} for the listed rows of the range. The other
     * rows are not read, and their elements of {@code y} stay unchanged.
     *
     * <p>Exactness: the same bits as {@link #gemv(Qk256Matrix, I8Vector, int, int, F32Vector)}.
     *
     * @param w the matrix; {@link Qk256Matrix#supportsInt8()} must hold
     * @param x {@code cols} values or more
     * @param listed rows of the matrix
     * @param fromRow first row
     * @param toRow one past the last row
     * @param y {@code rows} values or more
     * @throws IllegalArgumentException if a vector is too short, the row range is invalid, a listed row does not exist,
     *     the output overlaps an input, or the matrix does not support int8
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemvListed(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        requireRows(w.rows(), fromRow, toRow);
        requireInteger(w);
        requireLength("x", x.length(), w.cols(), "cols");
        requireLength("y", y.length(), w.rows(), "rows");
        requireMatrix(w, "y", y);
        x.requireInputOf(y);
        requireListed(listed, w, y);
        if (listed.position(fromRow) < listed.position(toRow)) {
            gemvListedRows(w, x, listed, fromRow, toRow, y);
        }
    }

    /** {@linkplain #gemvListed(Qk256Matrix, I8Vector, IndexList, int, int, F32Vector) Multiplies} all listed rows. */
    public final void gemvListed(Qk256Matrix w, I8Vector x, IndexList listed, F32Vector y) {
        gemvListed(w, x, listed, 0, w.rows(), y);
    }

    /**
     * Multiplies the transposed matrix by some of the activations: row {@code r} of {@code w} belongs to {@code x[r]},
     * and
     * <pre>
     *     y[c] = (float) (sum over the listed rows r of value(code(r, c)) * q[r]) / x.scale * tensorScale
     * </pre>
     * for the columns of the range; the other elements of {@code y} stay unchanged. Rows that are not listed are not
     * read. So a matrix that is stored by columns is multiplied without those that meet a 0.
     *
     * <p>Exactness: all bits are defined. The sum is an exact integer, converted to f32; the division and the product are
     * f32. If all rows whose {@code q} is not 0 are listed, the bits are those of
     * {@link #gemv(Qk256Matrix, I8Vector, int, int, F32Vector)} with the matrix itself.
     *
     * @param w the transposed matrix, without group scales; its codebook must be
     *     {@linkplain Codebook#supportsInt8() integer}, and {@code rows * 128 * max|value|} fit in int32
     * @param x {@code rows} values or more, without multipliers
     * @param listed rows of {@code w}
     * @param fromCol first column
     * @param toCol one past the last column
     * @param y {@code cols} values or more
     * @throws IllegalArgumentException if a vector is too short, the range is invalid, a listed row does not exist, the
     *     output overlaps an input, or the matrix or vector is of another kind
     * @throws IllegalStateException if the memory of a view is closed
     * @throws WrongThreadException if the memory of a view belongs to another thread
     */
    public final void gemvTransposed(Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        requireRange("columns", w.cols(), fromCol, toCol);
        requireTransposable(w, x);
        requireLength("x", x.length(), w.rows(), "rows");
        requireLength("y", y.length(), w.cols(), "cols");
        requireMatrix(w, "y", y);
        x.requireInputOf(y);
        requireListed(listed, w, y);
        if (fromCol < toCol) {
            gemvTransposedCols(w, x, listed, fromCol, toCol, y);
        }
    }

    /** {@linkplain #gemvTransposed(Qk256Matrix, I8Vector, IndexList, int, int, F32Vector) Multiplies} all columns. */
    public final void gemvTransposed(Qk256Matrix w, I8Vector x, IndexList listed, F32Vector y) {
        gemvTransposed(w, x, listed, 0, w.cols(), y);
    }

    /**
     * Whether this kernel has code of its own for an operation; the others are done by this class, in plain Java, column
     * by column, or row by row. A kernel that passes calls on to another overrides it.
     */
    public boolean hasOwn(Operation operation) {
        return switch (operation) {
            case DEQUANTIZE, GEMV_F32, GEMV_I8 -> true;
            case GEMM_I8 -> declares("gemmI8Rows", Qk256Matrix.class, I8Batch.class);
            case GEMM_Q8 ->
                declares("gemmQ8Rows", Q8Matrix.class, I8Batch.class)
                        && declares("gemmQ8Rows", Q8Matrix.class, I16Batch.class);
            case GEMV_LISTED -> declares("gemvListedRows", Qk256Matrix.class, I8Vector.class);
            case GEMV_TRANSPOSED -> declares("gemvTransposedCols", Qk256Matrix.class, I8Vector.class);
        };
    }

    private boolean declares(String name, Class<?> matrix, Class<?> activations) {
        for (Class<?> type = getClass(); type != Kernel.class; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                Class<?>[] types = method.getParameterTypes();
                if (method.getName().equals(name) && types[0] == matrix && types[1] == activations) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Implements {@link #dequantize(Qk256Matrix, int, int, F32Vector)}; the arguments are checked. */
    protected abstract void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out);

    /** Implements {@link #gemv(Qk256Matrix, F32Vector, int, int, F32Vector)}; the arguments are checked. */
    protected abstract void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y);

    /** Implements {@link #gemv(Qk256Matrix, I8Vector, int, int, F32Vector)}; the arguments are checked. */
    protected abstract void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y);

    /**
     * Implements {@link #gemm(Qk256Matrix, I8Batch, int, int, F32Vector)}; the arguments are checked. The default
     * does one column after the other.
     */
    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        for (int i = 0; i < x.columns(); i++) {
            F32Vector column = y.slice((long) i * w.rows(), (i + 1L) * w.rows());
            gemvI8Rows(w, x.column(i), fromRow, toRow, column);
        }
    }

    /**
     * Implements {@link #gemm(Q8Matrix, I8Batch, int, int, F32Vector)}; the arguments are checked. The default is plain
     * Java.
     */
    protected void gemmQ8Rows(Q8Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
        PlainQ8.multiply(w, x, fromRow, toRow, y);
    }

    /**
     * Implements {@link #gemm(Q8Matrix, I16Batch, int, int, F32Vector)}; the arguments are checked. The default is plain
     * Java.
     */
    protected void gemmQ8Rows(Q8Matrix w, I16Batch x, int fromRow, int toRow, F32Vector y) {
        PlainQ8.multiply(w, x, fromRow, toRow, y);
    }

    /**
     * Implements {@link #gemvListed(Qk256Matrix, I8Vector, IndexList, int, int, F32Vector)}; the arguments are checked, and
     * at least one row of the range is listed. The default multiplies each run of neighboring rows.
     */
    protected void gemvListedRows(Qk256Matrix w, I8Vector x, IndexList listed, int fromRow, int toRow, F32Vector y) {
        int end = listed.position(toRow);
        for (int i = listed.position(fromRow); i < end; ) {
            int first = listed.get(i);
            int next = first;
            while (i < end && listed.get(i) == next) {
                next++;
                i++;
            }
            gemvI8Rows(w, x, first, next, y);
        }
    }

    /**
     * Implements {@link #gemvTransposed(Qk256Matrix, I8Vector, IndexList, int, int, F32Vector)}; the arguments are checked,
     * and the list may be empty. The default is plain Java.
     */
    protected void gemvTransposedCols(
            Qk256Matrix w, I8Vector x, IndexList listed, int fromCol, int toCol, F32Vector y) {
        PlainTransposed.multiply(w, x, listed, fromCol, toCol, y);
    }

    private static void requireRows(int rows, int fromRow, int toRow) {
        requireRange("rows", rows, fromRow, toRow);
    }

    private static void requireRange(String what, int all, int from, int to) {
        if (from < 0 || to < from || to > all) {
            throw new IllegalArgumentException(
                    what + ": [" + from + ", " + to + "), expected a range within [0, " + all + ")");
        }
    }

    private static void requireTransposable(Qk256Matrix w, I8Vector x) {
        Codebook codebook = w.codebook();
        if (!codebook.supportsInt8() || (long) w.rows() * 128 * (long) codebook.maxMagnitude() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("transposed int8 product: expected integer codebook values from "
                    + Codebook.MIN_INTEGER + " to " + Codebook.MAX_INTEGER
                    + " whose sum over the rows fits in int32, got " + codebook + " and " + w.rows() + " rows");
        }
        if (w.hasGroupScales() || x.hasMultipliers()) {
            throw new IllegalArgumentException("transposed int8 product: expected a matrix without group scales, and "
                    + "activations without multipliers, got " + (w.hasGroupScales() ? "group scales" : "multipliers"));
        }
    }

    private static void requireListed(IndexList listed, Qk256Matrix w, F32Vector y) {
        listed.requireUsable("list");
        y.requireDisjoint("y", listed, "list");
        listed.requireWithin("list", w.rows());
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
