package io.qk256.spi.selection;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** All kernels in this file except the first are wrong. */
class SelfTestTest {

    private static final String SMALL = " 1x8";
    private static final String OFF_HEAP = " 4x515 rows 1 to 2 off-heap";
    private static final String ON_HEAP = " 4x515 rows 1 to 2 on the heap";

    @Test
    void aRightKernelPasses() {
        assertThat(SelfTest.run(new PlainKernel())).isEmpty();
    }

    @Test
    void theMessageGivesTheValueSeenAndTheValueExpected() {
        Kernel doubled =
                dequantize((right, w, from, to, out) -> right.dequantizeRows(w.withTensorScale(2), from, to, out));
        assertThat(SelfTest.run(doubled))
                .contains("dequantize 1x8: element 0 is -4.0, expected -2.0; do not use this kernel on this machine");
    }

    @ParameterizedTest
    @MethodSource({
        "wrongInAllOperations",
        "wrongDequantization",
        "wrongF32Products",
        "wrongInt8Products",
        "wrongBatchProducts",
        "wrongGroups"
    })
    void aWrongKernelIsFound(Kernel kernel, String where) {
        assertThat(SelfTest.run(kernel))
                .hasValueSatisfying(message -> assertThat(message).startsWith(where + ": element "));
    }

    static Stream<Arguments> wrongInAllOperations() {
        return Stream.of(
                wrong("most significant bits first", "dequantize" + SMALL, new PlainKernel() {
                    @Override
                    float value(Qk256Matrix w, int r, int c) {
                        return super.value(w, r, c ^ 3);
                    }
                }),
                wrong("knows one codebook", "dequantize" + OFF_HEAP, new PlainKernel() {
                    @Override
                    float value(Qk256Matrix w, int r, int c) {
                        return Codebook.QK256.value(Qk256.code(w.codes().asSlice(r * w.rowStride()), c));
                    }
                }),
                wrong("knows one block", "dequantize" + OFF_HEAP, new PlainKernel() {
                    @Override
                    float value(Qk256Matrix w, int r, int c) {
                        return super.value(w, r, c % Qk256.BLOCK_WEIGHTS);
                    }
                }));
    }

    static Stream<Arguments> wrongDequantization() {
        return Stream.of(
                wrong("writes nothing", "dequantize" + SMALL, dequantize((right, w, from, to, out) -> {})),
                wrong(
                        "ignores block scales",
                        "dequantize" + OFF_HEAP,
                        dequantize((right, w, from, to, out) ->
                                right.dequantizeRows(withoutGroupScales(w), from, to, out))),
                wrong(
                        "ignores the tensor scale",
                        "dequantize" + OFF_HEAP,
                        dequantize((right, w, from, to, out) ->
                                right.dequantizeRows(w.withTensorScale(1), from, to, out))),
                wrong(
                        "starts at row 0",
                        "dequantize" + OFF_HEAP,
                        dequantize((right, w, from, to, out) -> right.dequantizeRows(w, 0, to - from, out))),
                wrong("forgets the tail", "dequantize" + OFF_HEAP, dequantize((right, w, from, to, out) -> {
                    right.dequantizeRows(w, from, to, out);
                    out.set(out.length() - 1, out.length() > 8 ? 0 : out.get(out.length() - 1));
                })),
                wrong("writes past the array's slice", "dequantize" + ON_HEAP, dequantize((right, w, from, to, out) -> {
                    right.dequantizeRows(w, from, to, out);
                    out.segment().heapBase().ifPresent(array -> zero((float[]) array, (int) out.length()));
                })));
    }

    static Stream<Arguments> wrongF32Products() {
        return Stream.of(
                wrong("writes nothing", "gemv-f32" + SMALL, f32((right, w, x, from, to, y) -> {})),
                wrong(
                        "ignores block scales",
                        "gemv-f32" + OFF_HEAP,
                        f32((right, w, x, from, to, y) -> right.gemvF32Rows(withoutGroupScales(w), x, from, to, y))),
                wrong(
                        "ignores the tensor scale",
                        "gemv-f32" + OFF_HEAP,
                        f32((right, w, x, from, to, y) -> right.gemvF32Rows(w.withTensorScale(1), x, from, to, y))),
                wrong(
                        "counts results from the range's start",
                        "gemv-f32" + OFF_HEAP,
                        f32((right, w, x, from, to, y) -> {
                            right.gemvF32Rows(w, x, from, to, y);
                            y.set(0, y.get(from));
                        })),
                wrong(
                        "writes the row before",
                        "gemv-f32" + OFF_HEAP,
                        f32((right, w, x, from, to, y) -> right.gemvF32Rows(w, x, Math.max(0, from - 1), to, y))),
                wrong(
                        "writes the row behind",
                        "gemv-f32" + OFF_HEAP,
                        f32((right, w, x, from, to, y) ->
                                right.gemvF32Rows(w, x, from, Math.min(w.rows(), to + 1), y))),
                wrong("adds to what is there", "gemv-f32" + OFF_HEAP, f32((right, w, x, from, to, y) -> {
                    float before = y.get(from);
                    right.gemvF32Rows(w, x, from, to, y);
                    y.set(from, y.get(from) + before);
                })),
                wrong("fails on the heap", "gemv-f32" + ON_HEAP, f32((right, w, x, from, to, y) -> {
                    if (w.rows() == 1 || w.codes().isNative()) {
                        right.gemvF32Rows(w, x, from, to, y);
                    }
                })));
    }

    static Stream<Arguments> wrongInt8Products() {
        return Stream.of(
                wrong("writes nothing", "gemv-i8" + SMALL, int8((right, w, x, from, to, y) -> {})),
                wrong(
                        "ignores block scales",
                        "gemv-i8" + OFF_HEAP,
                        int8((right, w, x, from, to, y) -> right.gemvI8Rows(withoutGroupScales(w), x, from, to, y))),
                wrong(
                        "ignores the tensor scale",
                        "gemv-i8" + OFF_HEAP,
                        int8((right, w, x, from, to, y) -> right.gemvI8Rows(w.withTensorScale(1), x, from, to, y))),
                wrong(
                        "multiplies by the activation scale",
                        "gemv-i8" + OFF_HEAP,
                        int8((right, w, x, from, to, y) ->
                                right.gemvI8Rows(w, I8Vector.of(x.segment(), 1 / x.scale()), from, to, y))),
                wrong(
                        "writes the row before",
                        "gemv-i8" + OFF_HEAP,
                        int8((right, w, x, from, to, y) -> right.gemvI8Rows(w, x, Math.max(0, from - 1), to, y))),
                wrong(
                        "writes the row behind",
                        "gemv-i8" + OFF_HEAP,
                        int8((right, w, x, from, to, y) ->
                                right.gemvI8Rows(w, x, from, Math.min(w.rows(), to + 1), y))));
    }

    static Stream<Arguments> wrongBatchProducts() {
        return Stream.of(
                wrong("writes nothing", "gemm-i8" + OFF_HEAP, batch((right, w, x, from, to, y) -> {})),
                wrong(
                        "takes the first column's scale for all",
                        "gemm-i8" + OFF_HEAP,
                        batch((right, w, x, from, to, y) -> {
                            for (int i = 1; i < x.columns(); i++) {
                                x.column(i).scale(x.column(0).scale());
                            }
                            right.gemmI8Rows(w, x, from, to, y);
                        })),
                wrong(
                        "writes the row behind",
                        "gemm-i8" + OFF_HEAP,
                        batch((right, w, x, from, to, y) ->
                                right.gemmI8Rows(w, x, from, Math.min(w.rows(), to + 1), y))));
    }

    static Stream<Arguments> wrongGroups() {
        String off = " 4x515 rows 1 to 2 with f16 scales of 64 weights and multipliers off-heap";
        return Stream.of(
                wrong("all groups have 256 weights", "dequantize" + off, new PlainKernel() {
                    @Override
                    protected void dequantizeRows(Qk256Matrix w, int from, int to, F32Vector out) {
                        for (int r = from; r < to; r++) {
                            for (int c = 0; c < w.cols(); c++) {
                                out.set((long) (r - from) * w.cols() + c, value(w, r, c) * w.scale(r, c / 256));
                            }
                        }
                    }
                }),
                wrong("ignores multipliers", "gemv-i8" + off, new PlainKernel() {
                    @Override
                    protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int from, int to, F32Vector y) {
                        super.gemvI8Rows(w, I8Vector.of(x.segment(), x.scale()), from, to, y);
                    }
                }),
                wrong("ignores multipliers of batches", "gemm-i8" + off, new PlainKernel() {
                    @Override
                    protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int from, int to, F32Vector y) {
                        I8Batch other = I8Batch.of(x.segment(), x.columns(), x.length());
                        for (int i = 0; i < x.columns(); i++) {
                            other.column(i).scale(x.column(i).scale());
                        }
                        super.gemmI8Rows(w, other, from, to, y);
                    }
                }));
    }

    private static Arguments wrong(String name, String where, Kernel kernel) {
        return Arguments.of(Named.of(where + ": " + name, kernel), where);
    }

    private static Qk256Matrix withoutGroupScales(Qk256Matrix w) {
        return Qk256Matrix.of(w.codes(), w.rows(), w.cols(), w.codebook()).withTensorScale(w.tensorScale());
    }

    private static void zero(float[] array, int from) {
        Arrays.fill(array, from, array.length, 0);
    }

    private interface Dequantize {
        void rows(PlainKernel right, Qk256Matrix w, int fromRow, int toRow, F32Vector out);
    }

    private interface Gemv<X> {
        void rows(PlainKernel right, Qk256Matrix w, X x, int fromRow, int toRow, F32Vector y);
    }

    private static Kernel dequantize(Dequantize operation) {
        return new PlainKernel() {
            @Override
            protected void dequantizeRows(Qk256Matrix w, int fromRow, int toRow, F32Vector out) {
                operation.rows(new PlainKernel(), w, fromRow, toRow, out);
            }
        };
    }

    private static Kernel f32(Gemv<F32Vector> operation) {
        return new PlainKernel() {
            @Override
            protected void gemvF32Rows(Qk256Matrix w, F32Vector x, int fromRow, int toRow, F32Vector y) {
                operation.rows(new PlainKernel(), w, x, fromRow, toRow, y);
            }
        };
    }

    private static Kernel int8(Gemv<I8Vector> operation) {
        return new PlainKernel() {
            @Override
            protected void gemvI8Rows(Qk256Matrix w, I8Vector x, int fromRow, int toRow, F32Vector y) {
                operation.rows(new PlainKernel(), w, x, fromRow, toRow, y);
            }
        };
    }

    private static Kernel batch(Gemv<I8Batch> operation) {
        return new PlainKernel() {
            @Override
            protected void gemmI8Rows(Qk256Matrix w, I8Batch x, int fromRow, int toRow, F32Vector y) {
                operation.rows(new PlainKernel(), w, x, fromRow, toRow, y);
            }
        };
    }
}
