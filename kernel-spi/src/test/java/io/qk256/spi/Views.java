package io.qk256.spi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.function.Function;

/**
 * Valid arguments for all operations: {@code x} for the f32 GEMV, {@code q} for the int8 GEMV, {@code batch} for the
 * GEMM, and a matrix by columns with a list of one row.
 */
record Views(
        Qk256Matrix w,
        Qk256Matrix byColumns,
        IndexList listed,
        Q8Matrix wide,
        F32Vector x,
        I8Vector q,
        I8Batch batch,
        F32Vector out) {

    static final int ROWS = 3;
    static final int COLS = 257;
    static final int BATCH = 2;

    static final SegmentAllocator HEAP = (bytes, alignment) ->
            MemorySegment.ofArray(new float[(int) (bytes + 3) / 4]).asSlice(0, bytes);

    /** The four pieces of memory. */
    enum Part {
        CODES,
        GROUP_SCALES,
        X,
        OUT;

        /** The name in messages. */
        String label(Operation operation) {
            if (this == OUT) {
                return Calls.outName(operation);
            }
            return this == GROUP_SCALES && operation == Operation.GEMM_Q8
                    ? "scales"
                    : name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
        }

        MemorySegment segment(Operation operation, Views v) {
            return switch (this) {
                case CODES ->
                    switch (operation) {
                        case GEMM_Q8 -> v.wide.codes();
                        case GEMV_TRANSPOSED -> v.byColumns.codes();
                        default -> v.w.codes();
                    };
                case GROUP_SCALES ->
                    operation == Operation.GEMM_Q8
                            ? v.wide.scales()
                            : v.w.groupScales().orElseThrow();
                case X ->
                    switch (operation) {
                        case DEQUANTIZE, GEMV_F32 -> v.x.segment();
                        case GEMV_I8, GEMV_LISTED, GEMV_TRANSPOSED -> v.q.segment();
                        case GEMM_I8, GEMM_Q8 -> v.batch.segment();
                    };
                case OUT -> v.out.segment();
            };
        }
    }

    static Views onHeap(Operation operation) {
        return of(operation, part -> HEAP);
    }

    /** Views of all rows, each part allocated by its own allocator. */
    static Views of(Operation operation, Function<Part, SegmentAllocator> memory) {
        MemorySegment scales =
                memory.apply(Part.GROUP_SCALES).allocate((long) ROWS * Qk256.blocks(COLS) * Float.BYTES, 4);
        Qk256Matrix w = Qk256Matrix.of(
                        memory.apply(Part.CODES).allocate(ROWS * Qk256.rowBytes(COLS), 1), ROWS, COLS, Codebook.QK256)
                .withGroupScales(scales, Qk256.BLOCK_WEIGHTS, ScaleType.F32);
        IndexList listed = IndexList.allocate(Arena.ofAuto(), COLS);
        listed.add(1);
        return new Views(
                w,
                Qk256Matrix.of(
                        memory.apply(Part.CODES).allocate(COLS * Qk256.rowBytes(ROWS), 1), COLS, ROWS, Codebook.QK256),
                listed,
                Q8Matrix.of(
                        memory.apply(Part.CODES).allocate(Q8Matrix.codesBytes(ROWS, COLS), 1),
                        memory.apply(Part.GROUP_SCALES).allocate(Q8Matrix.scalesBytes(ROWS, COLS), 4),
                        ROWS,
                        COLS),
                F32Vector.of(memory.apply(Part.X).allocate((long) COLS * Float.BYTES, 4)),
                I8Vector.of(memory.apply(Part.X).allocate(COLS, 4), 1),
                I8Batch.of(memory.apply(Part.X).allocate(BATCH * COLS, 4), BATCH, COLS),
                F32Vector.of(
                        memory.apply(Part.OUT).allocate((long) Calls.outLength(operation, ROWS) * Float.BYTES, 4)));
    }

    Views with(Qk256Matrix newW) {
        return new Views(newW, byColumns, listed, wide, x, q, batch, out);
    }

    Views withByColumns(Qk256Matrix newByColumns) {
        return new Views(w, newByColumns, listed, wide, x, q, batch, out);
    }

    Views with(IndexList newListed) {
        return new Views(w, byColumns, newListed, wide, x, q, batch, out);
    }

    Views with(Q8Matrix newWide) {
        return new Views(w, byColumns, listed, newWide, x, q, batch, out);
    }

    /** The same with activations of another length. */
    Views withColumns(int length) {
        return new Views(
                w,
                byColumns,
                listed,
                wide,
                F32Vector.of(new float[length]),
                I8Vector.of(new byte[length], 1),
                I8Batch.of(new byte[BATCH * length], BATCH, length),
                out);
    }

    Views withOut(int length) {
        return new Views(w, byColumns, listed, wide, x, q, batch, F32Vector.of(new float[length]));
    }
}
