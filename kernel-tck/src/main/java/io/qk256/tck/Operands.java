package io.qk256.tck;

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
import java.util.function.IntBinaryOperator;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The inputs of a {@link Problem} in memory.
 *
 * @param w the matrix
 * @param x the f32 activations
 * @param q the int8 activations
 * @param columns the int8 activations for GEMM
 * @param wide the 8-bit weights; empty if the operation does not need them, because they are slow to place in memory
 * @param shorts the int16 activations for GEMM; empty if the operation does not need them
 * @param listedRows some rows of the matrix
 * @param transposed the transposed matrix; empty if the operation does not need it, or it would have no columns
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

        Buffer codes = Buffer.of("codes", pack(problem, at, codeGuard), codeGuard, at.codes(), at.byteOffset(), arena);
        Buffer x = Buffer.of("x", problem.x(), at.beyond(), floatGuard, at.vectors(), at.floatOffset(), arena);
        byte[] longer = Arrays.copyOf(problem.q(), problem.cols() + at.beyond());
        Arrays.fill(longer, problem.cols(), longer.length, int8Guard);
        Buffer q = Buffer.of("q", longer, int8Guard, at.vectors(), at.byteOffset(), arena);
        Buffer columns = Buffer.of(
                "columns of q",
                columns(problem, at.beyond(), int8Guard),
                int8Guard,
                at.vectors(),
                at.byteOffset(),
                arena);
        buffers.addAll(List.of(codes, x, q, columns));
        Qk256Matrix w = Qk256Matrix.of(codes.view(), problem.rows(), problem.cols(), problem.codebook())
                .withTensorScale(problem.tensorScale());
        if (at.rowGap() > 0) {
            w = w.withRowStride(rowStride(problem.cols(), at));
        }
        if (problem.groupScales().isPresent()) {
            Buffer scales = scales(problem, problem.groupScales().get(), floatGuard, at, arena);
            buffers.add(scales);
            w = w.withGroupScales(scales.view(), problem.group(), problem.scaleType());
        }
        Optional<Q8Matrix> wide = Optional.empty();
        if (needed.test(OperationUnderTest.GEMM_Q8) || needed.test(OperationUnderTest.GEMM_Q8_I16)) {
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
        if (needed.test(OperationUnderTest.GEMM_Q8_I16)) {
            Buffer ofShorts = shorts(problem, at, arena);
            buffers.add(ofShorts);
            shorts = Optional.of(scaled(I16Batch.of(ofShorts.view(), problem.columns(), longer.length), problem));
        }
        Optional<Qk256Matrix> transposed = Optional.empty();
        if (needed.test(OperationUnderTest.GEMV_TRANSPOSED) && problem.rows() > 0) {
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
        IndexList listedRows = listed(problem, problem.rows(), at, arena);
        IndexList listedCols = listed(problem, problem.cols(), at, arena);
        int length = longer.length;
        if (problem.multipliers().isEmpty()) {
            return new Operands(
                    w,
                    F32Vector.of(x.view()),
                    I8Vector.of(q.view(), problem.activationScale()),
                    scaled(I8Batch.of(columns.view(), problem.columns(), length), problem),
                    wide,
                    shorts,
                    listedRows,
                    transposed,
                    listedCols,
                    List.copyOf(buffers));
        }
        Buffer one = multipliers("multipliers", problem, 1, length, at, arena);
        Buffer all = multipliers("multipliers of columns", problem, problem.columns(), length, at, arena);
        buffers.addAll(List.of(one, all));
        return new Operands(
                w,
                F32Vector.of(x.view()),
                I8Vector.inGroups(q.view(), one.view(), problem.activationScale()),
                scaled(I8Batch.inGroups(columns.view(), all.view(), problem.columns(), length), problem),
                wide,
                shorts,
                listedRows,
                transposed,
                listedCols,
                List.copyOf(buffers));
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
        return buffers.stream().flatMap(buffer -> buffer.change().stream()).findFirst();
    }

    private static byte[] pack(Problem problem, Placement at, byte gap) {
        return pack(problem.rows(), problem.cols(), problem::code, at, gap);
    }

    private static byte[] packTransposed(Problem problem, Placement at, byte gap) {
        return pack(problem.cols(), problem.rows(), (row, col) -> problem.code(col, row), at, gap);
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
     * row.
     */
    private static byte[] pack(int rows, int cols, IntBinaryOperator code, Placement at, byte gap) {
        int rowBytes = Qk256.blocks(cols) * Qk256.BLOCK_BYTES;
        int stride = rowStride(cols, at);
        byte[] packed = new byte[(rows == 0 ? 0 : (rows - 1) * stride + rowBytes) + at.tail()];
        Arrays.fill(packed, gap);
        Random padding = new Random(at.padding());
        // Past the byte of the last code all padding is equal, unless it is random.
        int codes = at.padding() < 4 ? Math.ceilDiv(cols, 4) * 4 : rowBytes * 4;
        for (int row = 0; row < rows; row++) {
            int start = row * stride;
            Arrays.fill(packed, start, start + codes / 4, (byte) 0);
            Arrays.fill(packed, start + codes / 4, start + rowBytes, (byte) (at.padding() * 0b01_01_01_01));
            for (int i = 0; i < codes; i++) {
                int one = i < cols ? code.applyAsInt(row, i) : paddingCode(at, padding);
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
