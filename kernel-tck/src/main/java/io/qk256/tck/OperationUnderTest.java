package io.qk256.tck;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Operation;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** The operations of a kernel: how to call them, and what they must return. */
enum OperationUnderTest {
    DEQUANTIZE(Operation.DEQUANTIZE) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            kernel.dequantize(operands.w(), fromRow, toRow, result);
        }

        @Override
        int resultLength(Problem problem, int fromRow, int toRow) {
            return (toRow - fromRow) * problem.cols();
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            int cols = problem.cols();
            return all(
                    resultLength(problem, fromRow, toRow), i -> Oracle.weight(problem, fromRow + i / cols, i % cols));
        }

        @Override
        F32Vector target(F32Vector all, Problem problem, int fromRow, int toRow) {
            return all.slice((long) fromRow * problem.cols(), (long) toRow * problem.cols());
        }

        @Override
        String place(Problem problem, int fromRow, int index) {
            return "row " + (fromRow + index / problem.cols()) + ", column " + index % problem.cols();
        }
    },
    GEMV_F32(Operation.GEMV_F32) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            kernel.gemv(operands.w(), operands.x(), fromRow, toRow, result);
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            return all(
                    problem.rows(),
                    row -> inRange(row, fromRow, toRow) ? Oracle.product(problem, row) : Expected.exactly(fill));
        }
    },
    GEMV_I8(Operation.GEMV_I8) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            kernel.gemv(operands.w(), operands.q(), fromRow, toRow, result);
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            return all(
                    problem.rows(),
                    row -> inRange(row, fromRow, toRow) ? Oracle.integerProduct(problem, row) : Expected.exactly(fill));
        }
    },
    GEMM_I8(Operation.GEMM_I8) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            kernel.gemm(operands.w(), operands.columns(), fromRow, toRow, result);
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            return IntStream.range(0, problem.columns())
                    .mapToObj(column -> GEMV_I8.expected(problem.column(column), fromRow, toRow, fill))
                    .flatMap(Arrays::stream)
                    .toArray(Expected[]::new);
        }
    },
    GEMM_Q8(Operation.GEMM_Q8) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            kernel.gemm(operands.wideMatrix(), operands.columns(), fromRow, toRow, result);
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            return eachColumn(problem, fromRow, toRow, fill, Oracle::wideProduct);
        }
    },
    /** The same operation with int16 activations. */
    GEMM_Q8_I16(Operation.GEMM_Q8) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            kernel.gemm(operands.wideMatrix(), operands.shortColumns(), fromRow, toRow, result);
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            return eachColumn(problem, fromRow, toRow, fill, Oracle::wideProductOfShorts);
        }

        @Override
        public String toString() {
            return super.toString() + " with int16";
        }
    },
    GEMV_LISTED(Operation.GEMV_LISTED) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            kernel.gemvListed(operands.w(), operands.q(), operands.listedRows(), fromRow, toRow, result);
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            return all(
                    problem.rows(),
                    row -> inRange(row, fromRow, toRow) && problem.isListed(row)
                            ? Oracle.integerProduct(problem, row)
                            : Expected.exactly(fill));
        }
    },
    /** The problem's columns are the rows of the matrix. */
    GEMV_TRANSPOSED(Operation.GEMV_TRANSPOSED) {
        @Override
        void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result) {
            if (operands.transposed().isPresent()) {
                kernel.gemvTransposed(
                        operands.transposed().get(),
                        I8Vector.of(operands.q().segment(), operands.q().scale()),
                        operands.listedCols(),
                        fromRow,
                        toRow,
                        result);
            }
        }

        @Override
        Expected[] expected(Problem problem, int fromRow, int toRow, float fill) {
            return GEMV_I8.expected(problem.ofListedColumns(), fromRow, toRow, fill);
        }
    };

    private final Operation operation;

    OperationUnderTest(Operation operation) {
        this.operation = operation;
    }

    abstract void run(Kernel kernel, Operands operands, int fromRow, int toRow, F32Vector result);

    /** Whether it is defined for integer codebooks only. */
    boolean isInt8() {
        return this != DEQUANTIZE && this != GEMV_F32 && !isWide();
    }

    /** Whether it computes several columns. */
    boolean takesColumns() {
        return this == GEMM_I8 || isWide();
    }

    /** Whether its weights have 8 bits. */
    boolean isWide() {
        return this == GEMM_Q8 || this == GEMM_Q8_I16;
    }

    /**
     * What each element of the result must be, including elements outside the range, which keep their initial
     * value.
     */
    abstract Expected[] expected(Problem problem, int fromRow, int toRow, float fill);

    /** The number of elements of the result. */
    int resultLength(Problem problem, int fromRow, int toRow) {
        return takesColumns() ? problem.columns() * problem.rows() : problem.rows();
    }

    /** The part of a full result that a range of rows is written to. */
    F32Vector target(F32Vector all, Problem problem, int fromRow, int toRow) {
        return all;
    }

    /** Describes an element of the result. */
    String place(Problem problem, int fromRow, int index) {
        return takesColumns()
                ? "column " + index / problem.rows() + " of " + problem.columns() + ", row " + index % problem.rows()
                : "row " + index;
    }

    private static boolean inRange(int row, int fromRow, int toRow) {
        return fromRow <= row && row < toRow;
    }

    /** The products of a range of rows with each column. */
    private static Expected[] eachColumn(
            Problem problem, int fromRow, int toRow, float fill, BiFunction<Problem, Integer, Expected> product) {
        return IntStream.range(0, problem.columns())
                .mapToObj(problem::column)
                .flatMap(column -> Arrays.stream(all(
                        problem.rows(),
                        row -> inRange(row, fromRow, toRow) ? product.apply(column, row) : Expected.exactly(fill))))
                .toArray(Expected[]::new);
    }

    private static Expected[] all(int length, IntFunction<Expected> element) {
        Expected[] all = new Expected[length];
        for (int i = 0; i < length; i++) {
            all[i] = element.apply(i);
        }
        return all;
    }

    @Override
    public String toString() {
        return operation.label();
    }
}
