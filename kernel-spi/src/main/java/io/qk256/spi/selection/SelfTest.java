package io.qk256.spi.selection;

import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.IndexList;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.ScaleType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Known answers that a kernel must return before it counts as usable. All sums here are small integers times powers of
 * two, so every order of summation gives the same bits. The self-test finds kernels that are wrong on this machine; the
 * TCK finds everything else.
 */
final class SelfTest {

    private static final int ROWS = 4;
    private static final int COLS = 2 * Qk256.BLOCK_WEIGHTS + 3;
    private static final int COLUMNS = 5;
    private static final int WIDE_ROWS = 19;
    private static final int LISTED_ROWS = 24;
    private static final int LISTED_FROM_COL = 255;
    private static final int LISTED_TO_COL = 514;
    private static final int FROM_ROW = 1;
    private static final int TO_ROW = 3;
    private static final float TENSOR_SCALE = 0.5f;
    private static final float ACTIVATION_SCALE = 4;
    private static final float UNTOUCHED = -12345;

    /** Makes an int8 number an int16 number whose bytes differ from 0. */
    private static final int LARGER = 257;

    private final Kernel kernel;

    private SelfTest(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Returns what was wrong (operation, place, value seen, value expected); empty if everything was right. */
    static Optional<String> run(Kernel kernel) {
        SelfTest test = new SelfTest(kernel);
        Optional<String> wrong = test.literal();
        try (Arena arena = Arena.ofConfined()) {
            for (Codebook codebook : List.of(Codebook.QK256, Codebook.TERNARY)) {
                wrong = wrong.or(() -> test.pattern(codebook, Qk256.BLOCK_WEIGHTS, ScaleType.F32, true, arena));
                wrong = wrong.or(() -> test.pattern(codebook, Qk256.BLOCK_WEIGHTS, ScaleType.F32, false, arena));
                wrong = wrong.or(() -> test.pattern(codebook, 64, ScaleType.F16, true, arena));
                wrong = wrong.or(() -> test.pattern(codebook, 128, ScaleType.F16, false, arena));
            }
            wrong = wrong.or(() -> test.wide(false, true, arena)).or(() -> test.wide(true, false, arena));
            for (Codebook codebook : List.of(Codebook.QK256, Codebook.TERNARY)) {
                wrong = wrong.or(() -> test.listed(codebook, true, arena))
                        .or(() -> test.listed(codebook, false, arena));
            }
        }
        return wrong;
    }

    /** Bytes and answers written by hand; the padding is all ones. */
    private Optional<String> literal() {
        byte[] codes = new byte[Qk256.BLOCK_BYTES];
        Arrays.fill(codes, (byte) 0xFF);
        codes[0] = (byte) 0b11_10_01_00;
        codes[1] = (byte) 0b00_01_10_11;
        Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(codes), 1, 8, Codebook.QK256);

        float[] decoded = new float[8];
        kernel.dequantize(w, F32Vector.of(decoded));
        float[] product = new float[1];
        kernel.gemv(w, F32Vector.of(1, 10, 100, 1000, 10000, 20000, 30000, 40000), F32Vector.of(product));
        float[] integerProduct = new float[1];
        kernel.gemv(w, I8Vector.of(new byte[] {1, 2, 4, 8, 16, 32, 64, 127}, 1), F32Vector.of(integerProduct));

        return compare("dequantize 1x8", decoded, new float[] {-2, -1, 1, 2, 2, 1, -1, -2})
                .or(() -> compare("gemv-f32 1x8", product, new float[] {-67912}))
                .or(() -> compare("gemv-i8 1x8", integerProduct, new float[] {-238}));
    }

    /**
     * Tests a tail, a scale for each group, multipliers of activations if scales are f16, and a row range whose neighboring rows must stay untouched. Expected values
     * come from the formulas of the contract.
     */
    private Optional<String> pattern(Codebook codebook, int group, ScaleType type, boolean offHeap, Arena arena) {
        int groups = Math.ceilDiv(COLS, group);
        MemorySegment codes = allocate(ROWS * Qk256.rowBytes(COLS), offHeap, arena);
        MemorySegment scales = scales(ROWS * groups, type, offHeap, arena);
        boolean multiplied = type == ScaleType.F16;
        byte[] q = new byte[COLS];
        float[] x = new float[COLS];
        for (int c = 0; c < COLS; c++) {
            q[c] = (byte) (c * 37 % 255 - 127);
            x[c] = c * 5 % 17 - 8;
        }
        float[] decoded = untouched(ROWS * COLS);
        float[] products = untouched(ROWS);
        float[] integerProducts = untouched(ROWS);
        for (int r = 0; r < ROWS; r++) {
            byte[] row = new byte[COLS];
            double sum = 0;
            double integerSum = 0;
            for (int c = 0; c < COLS; c++) {
                int of = c / group;
                float scale = 1 << (r + of);
                set(scales, type, (long) r * groups + of, scale);
                row[c] = (byte) (c * 7 + c / 5 + r * 3 & 3);
                float weight = codebook.value(row[c]) * scale;
                sum += (double) weight * x[c];
                integerSum += (double) weight * q[c] * (multiplied ? multiplier(c / I8Vector.GROUP) : 1);
                if (inRange(r)) {
                    decoded[(r - FROM_ROW) * COLS + c] = weight * TENSOR_SCALE;
                }
            }
            Qk256.pack(row, codes.asSlice(r * Qk256.rowBytes(COLS)));
            if (inRange(r)) {
                products[r] = (float) sum * TENSOR_SCALE;
                integerProducts[r] = (float) integerSum / ACTIVATION_SCALE * TENSOR_SCALE;
            }
        }
        Qk256Matrix w = Qk256Matrix.of(codes, ROWS, COLS, codebook)
                .withGroupScales(scales, group, type)
                .withTensorScale(TENSOR_SCALE);

        F32Vector out = untouched(decoded.length, offHeap, arena);
        kernel.dequantize(w, FROM_ROW, TO_ROW, out.slice(0, (TO_ROW - FROM_ROW) * COLS));
        F32Vector y = untouched(ROWS, offHeap, arena);
        F32Vector xs = copy(x, offHeap, arena);
        kernel.gemv(w, xs, FROM_ROW, TO_ROW, y);
        F32Vector integerY = untouched(ROWS, offHeap, arena);
        MemorySegment qs = allocate(COLS, offHeap, arena).copyFrom(MemorySegment.ofArray(q));
        I8Vector vector = multiplied
                ? I8Vector.inGroups(qs, multipliers(1, offHeap, arena), ACTIVATION_SCALE)
                : I8Vector.of(qs, ACTIVATION_SCALE);
        kernel.gemv(w, vector, FROM_ROW, TO_ROW, integerY);
        F32Vector batchY = untouched(COLUMNS * ROWS, offHeap, arena);
        kernel.gemm(w, repeated(q, multiplied, offHeap, arena), FROM_ROW, TO_ROW, batchY);

        String where = " " + ROWS + "x" + COLS + " rows " + FROM_ROW + " to " + (TO_ROW - 1)
                + (multiplied ? " with f16 scales of " + group + " weights and multipliers " : " ")
                + (offHeap ? "off-heap" : "on the heap");
        return compare("dequantize" + where, out.toArray(), decoded)
                .or(() -> compare("gemv-f32" + where, y.toArray(), products))
                .or(() -> compare("gemv-i8" + where, integerY.toArray(), integerProducts))
                .or(() -> compare("gemm-i8" + where, batchY.toArray(), batch(integerProducts)));
    }

    /** 8-bit weights, with rows that cross the tiles of 16. */
    private Optional<String> wide(boolean multiplied, boolean offHeap, Arena arena) {
        MemorySegment codes = allocate(Q8Matrix.codesBytes(WIDE_ROWS, COLS), offHeap, arena);
        MemorySegment scales =
                scales(Math.toIntExact(Q8Matrix.scalesBytes(WIDE_ROWS, COLS) / 2), ScaleType.F16, offHeap, arena);
        codes.fill((byte) 77); // Also where the padding is.
        Q8Matrix w = Q8Matrix.of(codes, scales, WIDE_ROWS, COLS);
        byte[] q = new byte[COLS];
        for (int c = 0; c < COLS; c++) {
            q[c] = (byte) (c * 37 % 255 - 127);
        }
        float[] expected = untouched(COLUMNS * WIDE_ROWS);
        float[] ofLarger = untouched(COLUMNS * WIDE_ROWS);
        for (int r = 0; r < WIDE_ROWS; r++) {
            double sum = 0;
            for (int c = 0; c < COLS; c++) {
                int group = c / Q8Matrix.GROUP;
                float scale = 1f / (1 << (r + group) % 7);
                byte code = (byte) (c * 11 + r * 5);
                codes.set(ValueLayout.JAVA_BYTE, w.codeAt(r, c), code);
                scales.set(ValueLayout.JAVA_SHORT, w.scaleAt(r, group), Float.floatToFloat16(scale));
                sum += (double) (code * q[c]) * scale * (multiplied ? multiplier(group) : 1);
            }
            for (int i = 0; i < COLUMNS && r > 0 && r < WIDE_ROWS - 1; i++) {
                expected[i * WIDE_ROWS + r] = (float) sum / (ACTIVATION_SCALE * (1 << i));
                ofLarger[i * WIDE_ROWS + r] = (float) (sum * LARGER) / (ACTIVATION_SCALE * (1 << i));
            }
        }
        F32Vector y = untouched(expected.length, offHeap, arena);
        kernel.gemm(w, repeated(q, multiplied, offHeap, arena), 1, WIDE_ROWS - 1, y);
        String where = " " + WIDE_ROWS + "x" + COLS + (multiplied ? " with multipliers" : "")
                + (offHeap ? " off-heap" : " on the heap");
        Optional<String> difference = compare("gemm-q8" + where, y.toArray(), expected);
        if (multiplied || difference.isPresent()) {
            return difference;
        }
        F32Vector ofShorts = untouched(expected.length, offHeap, arena);
        kernel.gemm(w, larger(q, offHeap, arena), 1, WIDE_ROWS - 1, ofShorts);
        return compare("gemm-q8 with int16" + where, ofShorts.toArray(), ofLarger);
    }

    /** The columns of {@link #repeated} as int16, {@value #LARGER} times as large. */
    private static I16Batch larger(byte[] q, boolean offHeap, Arena arena) {
        short[] values = new short[COLUMNS * COLS];
        for (int i = 0; i < values.length; i++) {
            values[i] = (short) (q[i % COLS] * LARGER);
        }
        I16Batch columns = offHeap ? I16Batch.allocate(arena, COLUMNS, COLS) : I16Batch.of(values, COLUMNS, COLS);
        columns.segment().copyFrom(MemorySegment.ofArray(values));
        for (int i = 0; i < COLUMNS; i++) {
            columns.scale(i, ACTIVATION_SCALE * (1 << i));
        }
        return columns;
    }

    /** Every third row, of the matrix and of its transpose; what is not listed must stay untouched, and count nothing. */
    private Optional<String> listed(Codebook codebook, boolean offHeap, Arena arena) {
        MemorySegment codes = allocate(LISTED_ROWS * Qk256.rowBytes(COLS), offHeap, arena);
        IndexList list = IndexList.allocate(arena, LISTED_ROWS);
        byte[] q = new byte[COLS];
        for (int c = 0; c < COLS; c++) {
            q[c] = (byte) (c * 37 % 255 - 127);
        }
        float[] products = untouched(LISTED_ROWS);
        float[] transposed = untouched(COLS);
        Arrays.fill(transposed, LISTED_FROM_COL, LISTED_TO_COL, 0);
        for (int r = 0; r < LISTED_ROWS; r++) {
            byte[] row = new byte[COLS];
            for (int c = 0; c < COLS; c++) {
                row[c] = (byte) (c * 7 + c / 5 + r * 3 & 3);
            }
            Qk256.pack(row, codes.asSlice(r * Qk256.rowBytes(COLS)));
            if (r % 3 != 1) {
                continue;
            }
            list.add(r);
            float sum = 0;
            for (int c = 0; c < COLS; c++) {
                float value = codebook.value(row[c]);
                sum += value * q[c];
                if (c >= LISTED_FROM_COL && c < LISTED_TO_COL) {
                    transposed[c] += value * q[r] / ACTIVATION_SCALE * TENSOR_SCALE;
                }
            }
            if (r >= FROM_ROW && r < LISTED_ROWS - 1) {
                products[r] = sum / ACTIVATION_SCALE * TENSOR_SCALE;
            }
        }
        Qk256Matrix w = Qk256Matrix.of(codes, LISTED_ROWS, COLS, codebook).withTensorScale(TENSOR_SCALE);
        I8Vector vector =
                I8Vector.of(allocate(COLS, offHeap, arena).copyFrom(MemorySegment.ofArray(q)), ACTIVATION_SCALE);
        F32Vector y = untouched(LISTED_ROWS, offHeap, arena);
        kernel.gemvListed(w, vector, list, FROM_ROW, LISTED_ROWS - 1, y);
        F32Vector transposedY = untouched(COLS, offHeap, arena);
        kernel.gemvTransposed(w, vector, list, LISTED_FROM_COL, LISTED_TO_COL, transposedY);
        String where = " " + LISTED_ROWS + "x" + COLS + " " + codebook + (offHeap ? " off-heap" : " on the heap");
        return compare("gemv-listed" + where, y.toArray(), products)
                .or(() -> compare("gemv-transposed" + where, transposedY.toArray(), transposed));
    }

    private static MemorySegment scales(int number, ScaleType type, boolean offHeap, Arena arena) {
        if (offHeap) {
            return arena.allocate((long) number * type.bytes(), type.bytes());
        }
        return type == ScaleType.F32
                ? MemorySegment.ofArray(new float[number])
                : MemorySegment.ofArray(new short[number]);
    }

    private static void set(MemorySegment scales, ScaleType type, long index, float scale) {
        if (type == ScaleType.F32) {
            scales.setAtIndex(ValueLayout.JAVA_FLOAT, index, scale);
        } else {
            scales.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(scale));
        }
    }

    /** The multiplier of a group of 32 activations; 0 for some. */
    private static int multiplier(int group) {
        return group * 5 % 7;
    }

    private static MemorySegment multipliers(int columns, boolean offHeap, Arena arena) {
        int groups = Math.ceilDiv(COLS, I8Vector.GROUP);
        MemorySegment all = scales(columns * groups, ScaleType.F16, offHeap, arena);
        for (int i = 0; i < columns * groups; i++) {
            all.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) multiplier(i % groups));
        }
        return all;
    }

    /** The same column repeated, each time with twice the scale. */
    private static I8Batch repeated(byte[] q, boolean multiplied, boolean offHeap, Arena arena) {
        MemorySegment memory = allocate((long) COLUMNS * COLS, offHeap, arena);
        I8Batch columns = multiplied
                ? I8Batch.inGroups(memory, multipliers(COLUMNS, offHeap, arena), COLUMNS, COLS)
                : I8Batch.of(memory, COLUMNS, COLS);
        for (int i = 0; i < COLUMNS; i++) {
            columns.column(i).segment().copyFrom(MemorySegment.ofArray(q));
            columns.column(i).scale(ACTIVATION_SCALE * (1 << i));
        }
        return columns;
    }

    /** The products of the repeated columns; halving is exact. */
    private static float[] batch(float[] products) {
        float[] all = new float[COLUMNS * ROWS];
        for (int i = 0; i < all.length; i++) {
            int row = i % ROWS;
            all[i] = inRange(row) ? products[row] / (1 << (i / ROWS)) : UNTOUCHED;
        }
        return all;
    }

    private static boolean inRange(int row) {
        return row >= FROM_ROW && row < TO_ROW;
    }

    private static float[] untouched(int length) {
        float[] values = new float[length];
        Arrays.fill(values, UNTOUCHED);
        return values;
    }

    private static F32Vector untouched(int length, boolean offHeap, Arena arena) {
        return copy(untouched(length), offHeap, arena);
    }

    private static F32Vector copy(float[] values, boolean offHeap, Arena arena) {
        return offHeap
                ? F32Vector.of(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values))
                : F32Vector.of(values.clone());
    }

    private static MemorySegment allocate(long bytes, boolean offHeap, Arena arena) {
        return offHeap ? arena.allocate(bytes) : MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
    }

    private static Optional<String> compare(String operation, float[] seen, float[] expected) {
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToRawIntBits(seen[i]) != Float.floatToRawIntBits(expected[i])) {
                return Optional.of(operation + ": element " + i + " is " + seen[i] + ", expected " + expected[i]
                        + "; do not use this kernel on this machine");
            }
        }
        return Optional.empty();
    }
}
