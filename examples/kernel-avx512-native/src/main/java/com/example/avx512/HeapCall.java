package com.example.avx512;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * The operations for operands of which some are on the heap, including read-only arrays. Critical downcalls access arrays in
 * place and copy nothing. (JNI may copy an array and later copy all of it back, over what other threads have written to the
 * same result; {@code -Xcheck:jni} does.) No garbage collection can begin until such a call returns, so the rows are
 * processed in pieces.
 */
final class HeapCall {

    /** About 30 microseconds of work. In smaller pieces, the cost of arranging the activations for each would matter. */
    private static final int PIECE = 1 << 20;

    private static final MethodHandle DEQUANTIZE = handle(
            "avx512_dequantize_heap",
            ADDRESS,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            ADDRESS,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            ADDRESS);
    private static final MethodHandle GEMV_F32 = handle(
            "avx512_gemv_f32_heap",
            ADDRESS,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            ADDRESS,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            ADDRESS,
            ADDRESS);
    private static final MethodHandle GEMV_I8 = handle(
            "avx512_gemv_i8_heap",
            ADDRESS,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            ADDRESS,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            JAVA_FLOAT,
            ADDRESS,
            JAVA_FLOAT,
            ADDRESS);

    private HeapCall() {}

    @SuppressWarnings("restricted") // As is loading the library.
    private static MethodHandle handle(String function, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.loaderLookup().findOrThrow(function),
                        FunctionDescriptor.ofVoid(arguments),
                        Linker.Option.critical(true));
    }

    static void dequantize(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
        int rows = rowsInPiece(w);
        int cols = Math.min(w.cols(), PIECE);
        for (int row = fromRow, end; row < toRow; row = end) {
            end = (int) Math.min((long) row + rows, toRow);
            for (long col = 0; col < w.cols(); col += cols) {
                long at = (long) (row - fromRow) * w.cols() + col;
                dequantize(w, row, end - row, col, (int) Math.min(cols, w.cols() - col), out.segment(), at);
            }
        }
    }

    private static void dequantize(
            Qk256Matrix w, int row, int rows, long col, int cols, MemorySegment out, long at) {
        Codebook codebook = w.codebook();
        try {
            DEQUANTIZE.invokeExact(
                    w.codes().asSlice(row * w.rowStride() + col / 4),
                    w.rowStride(),
                    rows,
                    cols,
                    blockScales(w, row, col),
                    w.tensorScale(),
                    codebook.value0(),
                    codebook.value1(),
                    codebook.value2(),
                    codebook.value3(),
                    out.asSlice(at * Float.BYTES));
        } catch (Throwable e) {
            throw thrown(e);
        }
    }

    static void gemvF32(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
        Codebook codebook = w.codebook();
        int rows = rowsInPiece(w);
        for (int row = fromRow, end; row < toRow; row = end) {
            end = (int) Math.min((long) row + rows, toRow);
            try {
                GEMV_F32.invokeExact(
                        w.codes().asSlice(row * w.rowStride()),
                        w.rowStride(),
                        end - row,
                        w.cols(),
                        blockScales(w, row, 0),
                        w.tensorScale(),
                        codebook.value0(),
                        codebook.value1(),
                        codebook.value2(),
                        codebook.value3(),
                        x.segment(),
                        y.segment().asSlice((long) row * Float.BYTES));
            } catch (Throwable e) {
                throw thrown(e);
            }
        }
    }

    static void gemvI8(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
        Codebook codebook = w.codebook();
        int rows = rowsInPiece(w);
        for (int row = fromRow, end; row < toRow; row = end) {
            end = (int) Math.min((long) row + rows, toRow);
            try {
                GEMV_I8.invokeExact(
                        w.codes().asSlice(row * w.rowStride()),
                        w.rowStride(),
                        end - row,
                        w.cols(),
                        blockScales(w, row, 0),
                        w.tensorScale(),
                        codebook.value0(),
                        codebook.value1(),
                        codebook.value2(),
                        codebook.value3(),
                        x.segment(),
                        x.scale(),
                        y.segment().asSlice((long) row * Float.BYTES));
            } catch (Throwable e) {
                throw thrown(e);
            }
        }
    }

    /** At least one row; an operation that can work on part of a row splits a wider one itself. */
    private static int rowsInPiece(Qk256Matrix w) {
        return Math.max(1, PIECE / w.cols());
    }

    private static MemorySegment blockScales(Qk256Matrix w, int row, long col) {
        long block = (long) row * w.blocks() + col / Qk256.BLOCK_WEIGHTS;
        return w.groupScales().isEmpty()
                ? MemorySegment.NULL
                : w.groupScales().get().asSlice(block * Float.BYTES);
    }

    /** For errors such as running out of memory: the C functions throw nothing. */
    private static AssertionError thrown(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new AssertionError("a C function throws nothing", e);
    }
}
