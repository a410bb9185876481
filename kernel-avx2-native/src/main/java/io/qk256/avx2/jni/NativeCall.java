package io.qk256.avx2.jni;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The ways to call a C function, each with the arguments that {@code QK256_ARGUMENTS} in {@code qk256.h} documents. Use
 * only after {@link NativeLibrary} has loaded the library.
 *
 * <p>Calls usually go through JNI. A <em>critical</em> downcall skips the thread state transition, so an empty call
 * takes 2.5 ns instead of 6.5, and accesses arrays in place, without copying. (JNI may copy an array and later copy all
 * of it back, over what other threads have written to the same result; {@code -Xcheck:jni} does.) The price is that no
 * garbage collection can begin until the call returns, so it suits only calls of microseconds.
 *
 * <p>An address does not keep an automatic arena alive: callers must keep the owners of the memory reachable until the
 * call returns.
 */
final class NativeCall {

    /**
     * The weights of a short call, about a microsecond of work. They have 4 KiB of codes, so that even with a mapped
     * file that is not in memory yet, a call waits for two pages at most.
     */
    static final long SHORT_WEIGHTS = 1 << 14;

    /**
     * The weights of one call on heap memory, some 30 microseconds of work. With smaller pieces, the cost of arranging
     * the activations for each would be noticeable.
     */
    static final int HEAP_WEIGHTS = 1 << 20;

    // Creating a handle takes 4 ms, so each is created on first use.

    private static final class ShortWay {
        static final MethodHandle CALL = operation(JAVA_LONG, Linker.Option.critical(false));
    }

    private static final class HeapWay {
        static final MethodHandle CALL = operation(ADDRESS, Linker.Option.critical(true));
    }

    private static final class RunToMemory {
        static final MethodHandle CALL = run(JAVA_LONG, Linker.Option.critical(false));
    }

    private static final class RunToArray {
        static final MethodHandle CALL = run(ADDRESS, Linker.Option.critical(true));
    }

    private NativeCall() {}

    /** A handle for all operations; each call passes the function to run. */
    private static MethodHandle operation(MemoryLayout memory, Linker.Option critical) {
        FunctionDescriptor arguments = FunctionDescriptor.ofVoid(
                memory, // codes
                JAVA_LONG, // row stride
                JAVA_INT, // rows
                JAVA_INT, // columns
                memory, // group scales
                JAVA_INT, // group
                JAVA_INT, // bytes of a scale
                JAVA_FLOAT, // tensor scale
                JAVA_FLOAT, // value 0
                JAVA_FLOAT, // value 1
                JAVA_FLOAT, // value 2
                JAVA_FLOAT, // value 3
                memory, // x
                JAVA_FLOAT, // x scale
                memory, // multipliers
                JAVA_INT, // prefetch
                memory, // y
                JAVA_LONG); // operation
        return handle("qk256_call_operation", arguments, critical);
    }

    private static MethodHandle run(MemoryLayout out, Linker.Option critical) {
        FunctionDescriptor arguments = FunctionDescriptor.ofVoid(
                JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT, out, JAVA_LONG);
        return handle("qk256_call_run", arguments, critical);
    }

    @SuppressWarnings("restricted") // As loading the library is.
    private static MethodHandle handle(String name, FunctionDescriptor arguments, Linker.Option critical) {
        return Linker.nativeLinker().downcallHandle(SymbolLookup.loaderLookup().findOrThrow(name), arguments, critical);
    }

    /**
     * Runs on rows {@code [fromRow, toRow)} with all memory off-heap; {@code x}, {@code multipliers} and {@code y} are
     * addresses.
     */
    static void offHeap(
            long operation,
            Qk256Matrix w,
            int fromRow,
            int toRow,
            long x,
            float xScale,
            long multipliers,
            int prefetch,
            long y) {
        Codebook codebook = w.codebook();
        if ((long) (toRow - fromRow) * w.cols() > SHORT_WEIGHTS) {
            Native.call(
                    operation,
                    w.codesAddress(fromRow),
                    w.rowStride(),
                    toRow - fromRow,
                    w.cols(),
                    w.groupScalesAddress(fromRow),
                    w.group(),
                    w.scaleType().bytes(),
                    w.tensorScale(),
                    codebook.value0(),
                    codebook.value1(),
                    codebook.value2(),
                    codebook.value3(),
                    x,
                    xScale,
                    multipliers,
                    prefetch,
                    y);
            return;
        }
        try {
            ShortWay.CALL.invokeExact(
                    w.codesAddress(fromRow),
                    w.rowStride(),
                    toRow - fromRow,
                    w.cols(),
                    w.groupScalesAddress(fromRow),
                    w.group(),
                    w.scaleType().bytes(),
                    w.tensorScale(),
                    codebook.value0(),
                    codebook.value1(),
                    codebook.value2(),
                    codebook.value3(),
                    x,
                    xScale,
                    multipliers,
                    prefetch,
                    y,
                    operation);
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /**
     * Runs on rows {@code [fromRow, toRow)} with memory anywhere, in pieces. Rows wider than a piece are split only
     * when dequantizing, which does not need a whole row at once.
     *
     * @param first index in {@code y} of the first result
     * @param resultsOfRow results per row: the number of columns when dequantizing, otherwise 1
     */
    static void anywhere(
            long operation,
            Qk256Matrix w,
            int fromRow,
            int toRow,
            MemorySegment x,
            float xScale,
            MemorySegment multipliers,
            int prefetch,
            MemorySegment y,
            long first,
            int resultsOfRow) {
        Codebook codebook = w.codebook();
        int rowsInPiece = Math.max(1, HEAP_WEIGHTS / w.cols());
        int piece = resultsOfRow == 1 ? w.cols() : Math.min(w.cols(), HEAP_WEIGHTS);
        for (int row = fromRow, rows; row < toRow; row += rows) {
            rows = Math.min(rowsInPiece, toRow - row);
            for (long col = 0; col < w.cols(); col += piece) {
                long result = first + (long) (row - fromRow) * resultsOfRow + col;
                try {
                    HeapWay.CALL.invokeExact(
                            w.codes().asSlice(row * w.rowStride() + col / 4),
                            w.rowStride(),
                            rows,
                            (int) Math.min(piece, w.cols() - col),
                            groupScales(w, row, col),
                            w.group(),
                            w.scaleType().bytes(),
                            w.tensorScale(),
                            codebook.value0(),
                            codebook.value1(),
                            codebook.value2(),
                            codebook.value3(),
                            x,
                            xScale,
                            multipliers,
                            prefetch,
                            y.asSlice(result * Float.BYTES),
                            operation);
                } catch (Throwable e) {
                    throw thrown(e);
                }
            }
        }
    }

    private static MemorySegment groupScales(Qk256Matrix w, int row, long col) {
        long group = (long) row * w.groups() + col / w.group();
        return w.groupScales().isEmpty()
                ? MemorySegment.NULL
                : w.groupScales().get().asSlice(group * w.scaleType().bytes());
    }

    /**
     * Runs on {@code rows} rows starting at {@code row}, with up to {@link Native#GEMM_COLUMNS} columns of activations
     * starting at {@code column}, all off-heap.
     */
    static void columns(
            long operation, Qk256Matrix w, int row, int rows, I8Batch x, int column, int prefetch, F32Vector y) {
        Codebook codebook = w.codebook();
        Native.callColumns(
                operation,
                w.codesAddress(row),
                w.rowStride(),
                rows,
                w.cols(),
                w.groupScalesAddress(row),
                w.group(),
                w.scaleType().bytes(),
                w.tensorScale(),
                codebook.value0(),
                codebook.value1(),
                codebook.value2(),
                codebook.value3(),
                x.address(column),
                scale(x, column),
                x.column(column).multipliersAddress(),
                prefetch,
                Math.min(Native.GEMM_COLUMNS, x.columns() - column),
                scale(x, column + 1),
                scale(x, column + 2),
                scale(x, column + 3),
                x.length(),
                Math.ceilDiv(x.length(), I8Vector.GROUP),
                w.rows(),
                y.address((long) column * w.rows() + row));
    }

    /** The bytes of scratch memory that {@link #wide} needs. */
    static long wideScratch(Qk256Matrix w) {
        return wideTiles(w) + (long) Native.WIDE_COLUMNS * Float.BYTES;
    }

    private static long wideTiles(Qk256Matrix w) {
        return (long) Math.ceilDiv(w.cols(), Qk256.BLOCK_WEIGHTS) * (4L << 10);
    }

    /**
     * As {@link #columns}, with up to {@link Native#WIDE_COLUMNS} columns.
     *
     * @param scratch memory of {@link #wideScratch} bytes for this call, on a boundary of 64 bytes
     */
    static void wide(
            long operation,
            Qk256Matrix w,
            int row,
            int rows,
            I8Batch x,
            int column,
            int prefetch,
            MemorySegment scratch,
            F32Vector y) {
        Codebook codebook = w.codebook();
        int columns = Math.min(Native.WIDE_COLUMNS, x.columns() - column);
        long scales = wideTiles(w);
        for (int i = 0; i < columns; i++) {
            scratch.set(
                    JAVA_FLOAT,
                    scales + (long) i * Float.BYTES,
                    x.column(column + i).scale());
        }
        Native.callWide(
                operation,
                w.codesAddress(row),
                w.rowStride(),
                rows,
                w.cols(),
                w.groupScalesAddress(row),
                w.group(),
                w.scaleType().bytes(),
                w.tensorScale(),
                codebook.value0(),
                codebook.value1(),
                codebook.value2(),
                codebook.value3(),
                x.address(column),
                x.column(column).scale(),
                0,
                prefetch,
                columns,
                scratch.address() + scales,
                x.length(),
                w.rows(),
                scratch.address(),
                y.address((long) column * w.rows() + row));
    }

    /**
     * Multiplies {@code rows} 8-bit rows starting at {@code row}, with up to {@link Native#GEMM_COLUMNS} columns of
     * activations starting at {@code column}, all off-heap.
     */
    static void q8(long operation, Q8Matrix w, int row, int rows, I8Batch x, int column, int prefetch, F32Vector y) {
        Native.callQ8(
                operation,
                w.codesAddress(row),
                w.scalesAddress(row),
                row % Q8Matrix.TILE_ROWS,
                rows,
                w.cols(),
                x.address(column),
                x.length(),
                x.column(column).multipliersAddress(),
                Math.ceilDiv(x.length(), I8Vector.GROUP),
                Math.min(Native.GEMM_COLUMNS, x.columns() - column),
                scale(x, column),
                scale(x, column + 1),
                scale(x, column + 2),
                scale(x, column + 3),
                prefetch,
                w.rows(),
                y.address((long) column * w.rows() + row));
    }

    /** The same with int16 activations, and up to {@link Native#Q8_I16_COLUMNS} columns. */
    static void q8(long operation, Q8Matrix w, int row, int rows, I16Batch x, int column, int prefetch, F32Vector y) {
        Native.callQ8I16(
                operation,
                w.codesAddress(row),
                w.scalesAddress(row),
                row % Q8Matrix.TILE_ROWS,
                rows,
                w.cols(),
                x.address(column),
                x.length(),
                Math.min(Native.Q8_I16_COLUMNS, x.columns() - column),
                scale(x, column),
                scale(x, column + 1),
                scale(x, column + 2),
                scale(x, column + 3),
                scale(x, column + 4),
                scale(x, column + 5),
                scale(x, column + 6),
                scale(x, column + 7),
                prefetch,
                w.rows(),
                y.address((long) column * w.rows() + row));
    }

    /** Runs on the listed rows at positions {@code [from, to)} of the list, all off-heap. */
    static void listed(
            long operation,
            Qk256Matrix w,
            I8Vector x,
            IndexList rows,
            int from,
            int to,
            int fromCol,
            int toCol,
            int prefetch,
            F32Vector y) {
        Codebook codebook = w.codebook();
        Native.callListed(
                operation,
                w.codesAddress(),
                w.rowStride(),
                w.rows(),
                w.cols(),
                0,
                w.group(),
                w.scaleType().bytes(),
                w.tensorScale(),
                codebook.value0(),
                codebook.value1(),
                codebook.value2(),
                codebook.value3(),
                x.address(),
                x.scale(),
                0,
                prefetch,
                rows.address(from),
                to - from,
                fromCol,
                toCol,
                y.address());
    }

    private static float scale(I16Batch x, int column) {
        return column < x.columns() ? x.scale(column) : 1;
    }

    private static float scale(I8Batch x, int column) {
        return column < x.columns() ? x.column(column).scale() : 1;
    }

    /**
     * Dequantizes {@code n} off-heap weights with contiguous codes, whose values are {@code value0} to {@code value3}.
     * This call is cheaper because its few arguments are all passed in registers.
     */
    static void dequantizeRun(
            long codes, long n, float value0, float value1, float value2, float value3, F32Vector out, long run) {
        try {
            if (out.isOffHeap()) {
                RunToMemory.CALL.invokeExact(codes, n, value0, value1, value2, value3, out.address(), run);
            } else {
                RunToArray.CALL.invokeExact(codes, n, value0, value1, value2, value3, out.segment(), run);
            }
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    /** Rethrows an error, such as out of memory; the C functions throw nothing. */
    private static AssertionError thrown(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new AssertionError("a C function throws nothing", e);
    }
}
