package io.qk256.tck;

import static io.qk256.tck.OperationUnderTest.DEQUANTIZE;
import static io.qk256.tck.OperationUnderTest.GEMM_I8;
import static io.qk256.tck.OperationUnderTest.GEMM_Q8;
import static io.qk256.tck.OperationUnderTest.GEMM_Q8_I16;
import static io.qk256.tck.OperationUnderTest.GEMV_F32;
import static io.qk256.tck.OperationUnderTest.GEMV_I8;
import static io.qk256.tck.OperationUnderTest.GEMV_LISTED;
import static io.qk256.tck.OperationUnderTest.GEMV_TRANSPOSED;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The inputs of a {@link Problem} in memory.
 *
 * @param w the matrix; this and the other operands are empty if the operation does not read them
 * @param x the f32 activations
 * @param q the int8 activations
 * @param columns the int8 activations for GEMM
 * @param wide the 8-bit weights
 * @param shorts the int16 activations for GEMM
 * @param listedRows some rows of the matrix
 * @param transposed the transposed matrix; empty if it would have no columns, too
 * @param listedCols some columns of the matrix, which are rows of the transposed one
 * @param buffers the memory of all of them
 */
record Operands(
        Qk256Matrix w,
        F32Vector x,
        I8Vector q,
        I8Batch columns,
        Optional<Q8Matrix> wide,
        Optional<I16Batch> shorts,
        IndexList listedRows,
        Optional<Qk256Matrix> transposed,
        IndexList listedCols,
        List<Buffer> buffers) {

    private static final byte HOSTILE_CODES = (byte) 0b10_01_11_10;
    private static final byte HOSTILE_INT8 = 127;

    /** Rows and columns of a block of 8-bit weights. */
    private static final int TILE = 16;

    private static final int WIDE_GROUP = 32;

    // In place of what the operation does not read.
    private static final Qk256Matrix NO_MATRIX =
            Qk256Matrix.of(MemorySegment.ofArray(new byte[0]), 0, 1, Codebook.QK256);
    private static final F32Vector NO_X = F32Vector.of(new float[0]);
    private static final I8Vector NO_Q = I8Vector.of(new byte[0], 1);
    private static final I8Batch NO_COLUMNS = I8Batch.of(new byte[0], 1, 0);
    private static final IndexList NO_LIST = IndexList.allocate(Arena.global(), 0);

    static Operands place(Problem problem, Placement at, Arena arena) {
        return place(problem, at, operation -> true, arena);
    }

    /** The operands of one operation. */
    static Operands place(Problem problem, Placement at, OperationUnderTest operation, Arena arena) {
        return place(problem, at, operation::equals, arena);
    }

    private static Operands place(Problem problem, Placement at, Predicate<OperationUnderTest> needed, Arena arena) {
        List<Buffer> buffers = new ArrayList<>();
        byte codeGuard = at.hostile() ? HOSTILE_CODES : 0;
        byte int8Guard = at.hostile() ? HOSTILE_INT8 : 0;
        float floatGuard = at.hostile() ? Float.NaN : 0;

        int length = problem.cols() + at.beyond();
        Qk256Matrix w = NO_MATRIX;
        if (any(needed, DEQUANTIZE, GEMV_F32, GEMV_I8, GEMM_I8, GEMV_LISTED)) {
            Buffer codes =
                    Buffer.of("codes", pack(problem, at, codeGuard), codeGuard, at.codes(), at.byteOffset(), arena);
            buffers.add(codes);
            w = Qk256Matrix.of(codes.view(), problem.rows(), problem.cols(), problem.codebook())
                    .withTensorScale(problem.tensorScale());
            if (at.rowGap() > 0) {
                w = w.withRowStride(rowStride(problem.cols(), at));
            }
            if (problem.groupScales().isPresent()) {
                Buffer scales = scales(problem, problem.groupScales().get(), floatGuard, at, arena);
                buffers.add(scales);
                w = w.withGroupScales(scales.view(), problem.group(), problem.scaleType());
            }
        }
        F32Vector x = NO_X;
        if (any(needed, GEMV_F32)) {
            Buffer values = Buffer.of("x", problem.x(), at.beyond(), floatGuard, at.vectors(), at.floatOffset(), arena);
            buffers.add(values);
            x = F32Vector.of(values.view());
        }
        I8Vector q = NO_Q;
        if (any(needed, GEMV_I8, GEMV_LISTED, GEMV_TRANSPOSED)) {
            byte[] longer = Arrays.copyOf(problem.q(), length);
            Arrays.fill(longer, problem.cols(), length, int8Guard);
            Buffer values = Buffer.of("q", longer, int8Guard, at.vectors(), at.byteOffset(), arena);
            buffers.add(values);
            q = I8Vector.of(values.view(), problem.activationScale());
            if (problem.multipliers().isPresent()) {
                Buffer one = multipliers("multipliers", problem, 1, length, at, arena);
                buffers.add(one);
                q = I8Vector.inGroups(values.view(), one.view(), problem.activationScale());
            }
        }
        I8Batch columns = NO_COLUMNS;
        if (any(needed, GEMM_I8, GEMM_Q8)) {
            Buffer values = Buffer.of(
                    "columns of q",
                    columns(problem, at.beyond(), int8Guard),
                    int8Guard,
                    at.vectors(),
                    at.byteOffset(),
                    arena);
            buffers.add(values);
            columns = I8Batch.of(values.view(), problem.columns(), length);
            if (problem.multipliers().isPresent()) {
                Buffer all = multipliers("multipliers of columns", problem, problem.columns(), length, at, arena);
                buffers.add(all);
                columns = I8Batch.inGroups(values.view(), all.view(), problem.columns(), length);
            }
            columns = scaled(columns, problem);
        }
        Optional<Q8Matrix> wide = Optional.empty();
        if (any(needed, GEMM_Q8, GEMM_Q8_I16)) {
            Buffer wideCodes =
                    Buffer.of("8-bit codes", wideCodes(problem, at), codeGuard, at.codes(), at.byteOffset(), arena);
            Buffer wideScales = Buffer.of(
                    "scales of 8-bit codes",
                    wideScales(problem, at),
                    Float.floatToFloat16(floatGuard),
                    at.scales(),
                    at.floatOffset(),
                    arena);
            buffers.addAll(List.of(wideCodes, wideScales));
            wide = Optional.of(Q8Matrix.of(wideCodes.view(), wideScales.view(), problem.rows(), problem.cols()));
        }
        Optional<I16Batch> shorts = Optional.empty();
        if (any(needed, GEMM_Q8_I16)) {
            Buffer ofShorts = shorts(problem, at, arena);
            buffers.add(ofShorts);
            shorts = Optional.of(scaled(I16Batch.of(ofShorts.view(), problem.columns(), length), problem));
        }
        Optional<Qk256Matrix> transposed = Optional.empty();
        if (any(needed, GEMV_TRANSPOSED) && problem.rows() > 0) {
            Buffer byColumns = Buffer.of(
                    "codes by columns",
                    packTransposed(problem, at, codeGuard),
                    codeGuard,
                    at.codes(),
                    at.byteOffset(),
                    arena);
            buffers.add(byColumns);
            transposed = Optional.of(transposed(byColumns.view(), problem, at));
        }
        return new Operands(
                w,
                x,
                q,
                columns,
                wide,
                shorts,
                any(needed, GEMV_LISTED) ? listed(problem, problem.rows(), at, arena) : NO_LIST,
                transposed,
                any(needed, GEMV_TRANSPOSED) ? listed(problem, problem.cols(), at, arena) : NO_LIST,
                List.copyOf(buffers));
    }

    private static boolean any(Predicate<OperationUnderTest> needed, OperationUnderTest... readers) {
        for (OperationUnderTest reader : readers) {
            if (needed.test(reader)) {
                return true;
            }
        }
        return false;
    }

    private static Buffer scales(Problem problem, float[] scales, float guard, Placement at, Arena arena) {
        if (problem.scaleType() == ScaleType.F32) {
            return Buffer.of("group scales", scales, guard, at.scales(), at.floatOffset(), arena);
        }
        short[] halves = new short[scales.length];
        for (int i = 0; i < halves.length; i++) {
            halves[i] = Float.floatToFloat16(scales[i]);
        }
        return Buffer.of("group scales", halves, Float.floatToFloat16(guard), at.scales(), at.floatOffset(), arena);
    }

    /** The multipliers of some columns. Those of groups that the matrix has no columns for are hostile. */
    private static Buffer multipliers(
            String name, Problem problem, int columns, int length, Placement at, Arena arena) {
        short guard = at.hostile() ? Short.MIN_VALUE : 0;
        int groups = Math.ceilDiv(length, I8Vector.GROUP);
        short[] all = new short[columns * groups];
        Arrays.fill(all, guard);
        for (int column = 0; column < columns; column++) {
            short[] some = problem.multipliers(column);
            System.arraycopy(some, 0, all, column * groups, some.length);
        }
        return Buffer.of(name, all, guard, at.vectors(), at.floatOffset(), arena);
    }

    private static byte[] columns(Problem problem, int beyond, byte guard) {
        int length = problem.cols() + beyond;
        byte[] all = new byte[problem.columns() * length];
        Arrays.fill(all, guard);
        for (int i = 0; i < problem.columns(); i++) {
            problem.copyColumn(i, all, i * length);
        }
        return all;
    }

    /** With hostile values beyond what is needed. */
    private static Buffer shorts(Problem problem, Placement at, Arena arena) {
        short guard = at.hostile() ? Short.MIN_VALUE : 0;
        int length = problem.cols() + at.beyond();
        short[] all = new short[problem.columns() * length];
        Arrays.fill(all, guard);
        for (int i = 0; i < problem.columns(); i++) {
            Problem column = problem.column(i);
            for (int col = 0; col < problem.cols(); col++) {
                all[i * length + col] = column.shortOf(col);
            }
        }
        return Buffer.of("columns of int16", all, guard, at.vectors(), at.floatOffset(), arena);
    }

    private static I16Batch scaled(I16Batch columns, Problem problem) {
        for (int i = 0; i < columns.columns(); i++) {
            columns.scale(i, problem.activationScale(i));
        }
        return columns;
    }

    private static I8Batch scaled(I8Batch columns, Problem problem) {
        for (int i = 0; i < columns.columns(); i++) {
            columns.column(i).scale(problem.activationScale(i));
        }
        return columns;
    }

    /** New views of the same memory, for another codebook and other scales. */
    Operands with(Problem other) {
        Qk256Matrix matrix = Qk256Matrix.of(w.codes(), w.rows(), w.cols(), other.codebook())
                .withRowStride(w.rowStride())
                .withTensorScale(other.tensorScale());
        I8Batch otherColumns = columns.multipliers()
                .map(m -> I8Batch.inGroups(columns.segment(), m, columns.columns(), columns.length()))
                .orElseGet(() -> I8Batch.of(columns.segment(), columns.columns(), columns.length()));
        return new Operands(
                w.groupScales()
                        .map(scales -> matrix.withGroupScales(scales, w.group(), w.scaleType()))
                        .orElse(matrix),
                F32Vector.of(x.segment()),
                q.multipliers()
                        .map(m -> I8Vector.inGroups(q.segment(), m, other.activationScale()))
                        .orElseGet(() -> I8Vector.of(q.segment(), other.activationScale())),
                scaled(otherColumns, other),
                wide,
                shorts.map(all -> scaled(I16Batch.of(all.segment(), all.columns(), all.length()), other)),
                listedRows,
                transposed.map(all -> Qk256Matrix.of(all.codes(), all.rows(), all.cols(), other.codebook())
                        .withRowStride(all.rowStride())
                        .withTensorScale(other.tensorScale())),
                listedCols,
                buffers);
    }

    /** One line per operand in native memory: its name, and where it starts and ends. */
    String addresses() {
        return buffers.stream()
                .map(buffer -> address(buffer.name(), buffer.view()))
                .collect(Collectors.joining());
    }

    static String address(String name, MemorySegment memory) {
        return memory.isNative()
                ? "\n" + name + "\t" + memory.address() + "\t" + (memory.address() + memory.byteSize())
                : "";
    }

    /** The first input byte that has changed. */
    Optional<String> change() {
        for (Buffer buffer : buffers) {
            Optional<String> change = buffer.change();
            if (change.isPresent()) {
                return change;
            }
        }
        return Optional.empty();
    }

    private static byte[] pack(Problem problem, Placement at, byte gap) {
        return pack(problem.rows(), problem.cols(), problem.codes(), problem.cols(), 1, at, gap);
    }

    private static byte[] packTransposed(Problem problem, Placement at, byte gap) {
        return pack(problem.cols(), problem.rows(), problem.codes(), 1, problem.cols(), at, gap);
    }

    private static Qk256Matrix transposed(MemorySegment codes, Problem problem, Placement at) {
        Qk256Matrix w = Qk256Matrix.of(codes, problem.cols(), problem.rows(), problem.codebook())
                .withTensorScale(problem.tensorScale());
        return at.rowGap() > 0 ? w.withRowStride(rowStride(problem.rows(), at)) : w;
    }

    /** With room for more, unless it ends at a page that cannot be read. */
    private static IndexList listed(Problem problem, int rows, Placement at, Arena arena) {
        int[] all = new int[rows];
        int size = 0;
        for (int row = 0; row < rows; row++) {
            if (problem.isListed(row)) {
                all[size++] = row;
            }
        }
        IndexList list = MemoryKind.guarded().contains(at.codes())
                ? IndexList.allocate(new ArenaOfKind(at.codes(), arena), size)
                : IndexList.allocate(arena, rows);
        for (int i = 0; i < size; i++) {
            list.add(all[i]);
        }
        return list;
    }

    /** Memory of one kind. */
    private record ArenaOfKind(MemoryKind kind, Arena arena) implements Arena {

        @Override
        public MemorySegment allocate(long bytes, long alignment) {
            return kind.place(new byte[Math.toIntExact(bytes)], Integer.BYTES, arena);
        }

        @Override
        public MemorySegment.Scope scope() {
            return arena.scope();
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /**
     * By the definition of the layout, weight i is bits 2*(i mod 4) and up of byte i/4. Only a tail follows the last
     * row. The code of a weight is at the sum of its row and its column, each times a distance.
     */
    private static byte[] pack(int rows, int cols, byte[] codes, int ofRow, int ofCol, Placement at, byte gap) {
        int rowBytes = Qk256.blocks(cols) * Qk256.BLOCK_BYTES;
        int stride = rowStride(cols, at);
        byte[] packed = new byte[(rows == 0 ? 0 : (rows - 1) * stride + rowBytes) + at.tail()];
        Arrays.fill(packed, gap);
        Random padding = new Random(at.padding());
        int whole = cols / 4;
        // Past the byte of the last code all padding is equal, unless it is random.
        int end = at.padding() < 4 ? Math.ceilDiv(cols, 4) * 4 : rowBytes * 4;
        for (int row = 0; row < rows; row++) {
            int start = row * stride;
            int code = row * ofRow;
            for (int i = start; i < start + whole; i++) {
                packed[i] = (byte) (codes[code]
                        | codes[code + ofCol] << 2
                        | codes[code + 2 * ofCol] << 4
                        | codes[code + 3 * ofCol] << 6);
                code += 4 * ofCol;
            }
            Arrays.fill(packed, start + whole, start + end / 4, (byte) 0);
            Arrays.fill(packed, start + end / 4, start + rowBytes, (byte) (at.padding() * 0b01_01_01_01));
            for (int i = 4 * whole; i < end; i++) {
                int one = i < cols ? codes[row * ofRow + i * ofCol] : paddingCode(at, padding);
                packed[start + i / 4] |= (byte) (one << (2 * (i % 4)));
            }
        }
        return packed;
    }

    /**
     * By the definition of the layout: tiles of 16 rows, in blocks of 32 columns, four columns of a row together. What
     * fills up the last blocks means nothing.
     */
    private static byte[] wideCodes(Problem problem, Placement at) {
        int groups = Math.ceilDiv(problem.cols(), WIDE_GROUP);
        byte[] packed = new byte[Math.ceilDiv(problem.rows(), TILE) * groups * TILE * WIDE_GROUP + at.tail()];
        Arrays.fill(packed, (byte) (at.padding() * 37 - 128));
        for (int row = 0; row < problem.rows(); row++) {
            for (int col = 0; col < problem.cols(); col++) {
                int block = row / TILE * groups + col / WIDE_GROUP;
                int inBlock = (col % WIDE_GROUP / 4 * TILE + row % TILE) * 4 + col % 4;
                packed[block * TILE * WIDE_GROUP + inBlock] = problem.wideCode(row, col);
            }
        }
        return packed;
    }

    private static short[] wideScales(Problem problem, Placement at) {
        int groups = Math.ceilDiv(problem.cols(), WIDE_GROUP);
        short[] packed = new short[Math.ceilDiv(problem.rows(), TILE) * groups * TILE];
        Arrays.fill(packed, Float.floatToFloat16(at.hostile() ? Float.NaN : 1));
        for (int row = 0; row < problem.rows(); row++) {
            for (int group = 0; group < groups; group++) {
                packed[(row / TILE * groups + group) * TILE + row % TILE] = problem.wideScale(row, group);
            }
        }
        return packed;
    }

    /** The 8-bit weights of operands that have them. */
    Q8Matrix wideMatrix() {
        return wide.orElseThrow(() -> new IllegalStateException("the 8-bit weights were not placed"));
    }

    /** The int16 activations of operands that have them. */
    I16Batch shortColumns() {
        return shorts.orElseThrow(() -> new IllegalStateException("the int16 activations were not placed"));
    }

    /** The same with another matrix of 2-bit weights. */
    Operands with(Qk256Matrix other) {
        return new Operands(other, x, q, columns, wide, shorts, listedRows, transposed, listedCols, buffers);
    }

    private static int rowStride(int cols, Placement at) {
        return Qk256.blocks(cols) * Qk256.BLOCK_BYTES + at.rowGap();
    }

    private static int paddingCode(Placement at, Random random) {
        return at.padding() < 4 ? at.padding() : random.nextInt(4);
    }
}
