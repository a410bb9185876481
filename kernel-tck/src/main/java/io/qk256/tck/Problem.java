package io.qk256.tck;

import io.qk256.spi.Codebook;
import io.qk256.spi.I8Vector;
import io.qk256.spi.Qk256;
import io.qk256.spi.ScaleType;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntBinaryOperator;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;

/**
 * A matrix and its activations as plain numbers, one array element each, independent of where they are placed in
 * memory. Immutable: the {@code with} methods return changed copies.
 */
final class Problem {

    /** The largest 17-bit number: sums of three such numbers are exact. */
    static final int DIGITS = (1 << 17) - 1;

    private static final float X_LIMIT = 10;

    private final long seed;
    private final int rows;
    private final int cols;
    private String origin;
    private byte[] codes;
    private Codebook codebook = Codebook.QK256;
    private float[] values = values(codebook);
    private Optional<float[]> groupScales = Optional.empty();
    private int group = Qk256.BLOCK_WEIGHTS;
    private ScaleType scaleType = ScaleType.F32;
    private Optional<short[]> multipliers = Optional.empty();
    private float tensorScale = 1;
    private float[] x;
    private byte[] q;
    private float activationScale = 1;
    private int columns = 3;
    private WideCodes wideCodes = Problem::randomWideCode;
    private WideScales wideScales = Problem::randomWideScale;
    private Listed listed = Problem::isRandomlyListed;

    /** Uniform codes; x uniform in [-10, 10) and q uniform in [-128, 127], from the next two seeds. */
    private Problem(int rows, int cols, long seed) {
        this.seed = seed;
        this.rows = rows;
        this.cols = cols;
        this.origin = "seed " + seed;
        this.codes = new byte[rows * cols];
        this.x = new float[cols];
        this.q = new byte[cols];
        Random codeSource = new Random(seed);
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) codeSource.nextInt(4);
        }
        Random xSource = new Random(seed + 1);
        for (int col = 0; col < cols; col++) {
            x[col] = xSource.nextFloat() * 2 * X_LIMIT - X_LIMIT;
        }
        new Random(seed + 2).nextBytes(q);
    }

    private Problem(Problem other) {
        this.seed = other.seed;
        this.rows = other.rows;
        this.cols = other.cols;
        this.origin = other.origin;
        this.codes = other.codes;
        this.codebook = other.codebook;
        this.values = other.values;
        this.groupScales = other.groupScales;
        this.group = other.group;
        this.scaleType = other.scaleType;
        this.multipliers = other.multipliers;
        this.tensorScale = other.tensorScale;
        this.x = other.x;
        this.q = other.q;
        this.activationScale = other.activationScale;
        this.columns = other.columns;
        this.wideCodes = other.wideCodes;
        this.wideScales = other.wideScales;
        this.listed = other.listed;
    }

    /** The 8-bit codes, which have no relation to those of 2 bits. */
    @FunctionalInterface
    interface WideCodes {
        int code(long seed, int row, int col);
    }

    /** The scale of each 32 weights of 8 bits. */
    @FunctionalInterface
    interface WideScales {
        float scale(long seed, int row, int group);
    }

    /** Which rows are listed; of the transposed matrix, which columns. */
    @FunctionalInterface
    interface Listed {
        boolean has(long seed, int index);
    }

    /** Depending on the seed, all of them, two of three or one of four. */
    private static boolean isRandomlyListed(long seed, int index) {
        long random = mixed(seed, index, 7) >>> 33;
        return switch ((int) (seed & 3)) {
            case 0 -> true;
            case 1 -> random % 4 == 0;
            default -> random % 3 > 0;
        };
    }

    /** Sets what is listed, and names it. */
    Problem withListed(String name, IntPredicate other) {
        Problem changed = withOrigin(origin + ", " + name);
        changed.listed = (ofSeed, index) -> other.test(index);
        return changed;
    }

    boolean isListed(int index) {
        return listed.has(seed, index);
    }

    /** The problem that the transposed product solves: no scales of groups, and zeros in place of what is not listed. */
    Problem ofListedColumns() {
        Problem changed = new Problem(this);
        changed.groupScales = Optional.empty();
        changed.multipliers = Optional.empty();
        changed.q = q.clone();
        for (int col = 0; col < cols; col++) {
            if (!isListed(col)) {
                changed.q[col] = 0;
            }
        }
        return changed;
    }

    private static int randomWideCode(long seed, int row, int col) {
        return (byte) (mixed(seed, row, col) >>> 32);
    }

    /** Of both signs, with magnitudes from 2^-8 to 2^7. */
    private static float randomWideScale(long seed, int row, int group) {
        long random = mixed(~seed, row, group);
        float size = Math.scalb(1 + (random >>> 20 & 1023) / 1024f, (int) (random >>> 40 & 15) - 8);
        return random < 0 ? size : -size;
    }

    private static long mixed(long seed, int row, int col) {
        long z = seed * 0x9E3779B97F4A7C15L + row * 0xBF58476D1CE4E5B9L + col * 0x94D049BB133111EBL;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** Sets the 8-bit codes, and names them. */
    Problem withWideCodes(String name, WideCodes other) {
        Problem changed = withOrigin(origin + ", " + name);
        changed.wideCodes = other;
        return changed;
    }

    /** Sets the scales of the 8-bit weights, and names them; they are rounded to f16. */
    Problem withWideScales(String name, WideScales other) {
        Problem changed = withOrigin(origin + ", " + name);
        changed.wideScales = other;
        return changed;
    }

    /** The code of an 8-bit weight. */
    byte wideCode(int row, int col) {
        return (byte) wideCodes.code(seed, row, col);
    }

    /** The f16 scale of 32 weights of 8 bits. */
    short wideScale(int row, int group) {
        return Float.floatToFloat16(wideScales.scale(seed, row, group));
    }

    /** Random codes and activations, codebook QK256, no scales. */
    static Problem random(int rows, int cols, long seed) {
        return new Problem(rows, cols, seed);
    }

    /** The same with integers from -8 to 7 for x: no order of summation rounds, so any mistake shows. */
    static Problem whole(int rows, int cols, long seed) {
        Problem random = random(rows, cols, seed);
        return random.withX("whole x", col -> random.q[col] >> 4);
    }

    /**
     * The same with an x that is 0 except for a few integers: at both ends and around the powers of two, where counters
     * overflow. No order of summation rounds, at any width.
     */
    static Problem sparse(int rows, int cols, long seed) {
        Problem random = random(rows, cols, seed);
        return random.withX("sparse x", col -> isNearPowerOfTwo(col) || col == cols - 1 ? random.q[col] | 1 : 0);
    }

    private static boolean isNearPowerOfTwo(int col) {
        return col == 0
                || Integer.bitCount(col - 1) == 1
                || Integer.bitCount(col) == 1
                || Integer.bitCount(col + 1) == 1;
    }

    /**
     * The same with an x that is 0 except for three odd integers up to a size, of both signs: exact at any width, using
     * all bits of an f32 except those that the sum needs.
     */
    static Problem threePlaces(int rows, int cols, long seed, int size) {
        Random places = new Random(seed + 4);
        float[] x = new float[cols];
        x[places.nextInt(cols)] = size;
        x[places.nextInt(cols)] = -size / 2 | 1;
        x[cols - 1] = size - 2 * places.nextInt(1 + size / 4);
        return random(rows, cols, seed).withX("x in three places", col -> x[col]);
    }

    /** The same, with another description of its origin. */
    Problem withOrigin(String other) {
        Problem changed = new Problem(this);
        changed.origin = other;
        return changed;
    }

    Problem with(Codebook other) {
        Problem changed = new Problem(this);
        changed.codebook = other;
        changed.values = values(other);
        return changed;
    }

    /** The values of the four codes, read once because the oracle needs one for every weight. */
    private static float[] values(Codebook codebook) {
        return new float[] {codebook.value0(), codebook.value1(), codebook.value2(), codebook.value3()};
    }

    Problem withCode(int code) {
        return withCodes("all codes " + code, (row, col) -> code);
    }

    /** Sets the codes by row and column, and names them. */
    Problem withCodes(String name, IntBinaryOperator other) {
        Problem changed = withOrigin(origin + ", " + name);
        changed.codes = new byte[codes.length];
        for (int i = 0; i < codes.length; i++) {
            changed.codes[i] = (byte) other.applyAsInt(i / cols, i % cols);
        }
        return changed;
    }

    /** Sets one f32 scale for each block of 256 weights, row by row. */
    Problem withBlockScales(float... scales) {
        return withGroupScales(Qk256.BLOCK_WEIGHTS, ScaleType.F32, scales);
    }

    /** Sets one scale for each group of weights, row by row; f16 scales are rounded. */
    Problem withGroupScales(int weights, ScaleType type, float... scales) {
        Problem changed = new Problem(this);
        changed.group = weights;
        changed.scaleType = type;
        float[] stored = scales.clone();
        for (int i = 0; i < stored.length && type == ScaleType.F16; i++) {
            stored[i] = Float.float16ToFloat(Float.floatToFloat16(stored[i]));
        }
        changed.groupScales = Optional.of(stored);
        return changed;
    }

    /** Scales of both signs, their magnitudes log-uniform from 2^-6 to 2^6. */
    Problem withRandomBlockScales() {
        return withRandomGroupScales(Qk256.BLOCK_WEIGHTS, ScaleType.F32);
    }

    /** The same for groups of another size and scales of another type. */
    Problem withRandomGroupScales(int weights, ScaleType type) {
        Random random = new Random(seed + 3);
        float[] scales = new float[rows * Math.ceilDiv(cols, weights)];
        for (int i = 0; i < scales.length; i++) {
            float size = (float) Math.pow(2, random.nextFloat() * 12 - 6);
            scales[i] = random.nextBoolean() ? size : -size;
        }
        return withGroupScales(weights, type, scales);
    }

    /** Random multipliers from 0 to 32767 for each 32 int8 activations, the largest among them. */
    Problem withRandomMultipliers() {
        Random random = new Random(seed + 5);
        short[] all = new short[Math.ceilDiv(cols, I8Vector.GROUP)];
        for (int i = 0; i < all.length; i++) {
            int any = random.nextInt(1 << 15) >> random.nextInt(16);
            all[i] = (short) (random.nextInt(8) == 0 ? Short.MAX_VALUE : any);
        }
        return withMultipliers(all);
    }

    /**
     * The second half of a row repeats the first with scales of the other sign, as far as each lane has whole groups of
     * both; the rest is 0. What remains are roundings.
     */
    Problem withRandomCancellation() {
        int half = groups() / 2 / 8 * 8;
        Problem changed = withOrigin(origin + ", halves cancel");
        changed.codes = codes.clone();
        changed.q = q.clone();
        float[] scales = groupScales.orElseThrow().clone();
        short[] all = multipliers.orElseThrow().clone();
        int columnsOfHalf = half * group;
        for (int row = 0; row < rows; row++) {
            int from = row * cols;
            System.arraycopy(codes, from, changed.codes, from + columnsOfHalf, columnsOfHalf);
            for (int i = 0; i < half; i++) {
                scales[row * groups() + half + i] = -scales[row * groups() + i];
            }
        }
        System.arraycopy(q, 0, changed.q, columnsOfHalf, columnsOfHalf);
        Arrays.fill(changed.q, 2 * columnsOfHalf, cols, (byte) 0);
        System.arraycopy(all, 0, all, columnsOfHalf / I8Vector.GROUP, columnsOfHalf / I8Vector.GROUP);
        changed.groupScales = Optional.of(scales);
        changed.multipliers = Optional.of(all);
        return changed;
    }

    /** Sets the multiplier of each 32 int8 activations. */
    Problem withMultipliers(short... all) {
        Problem changed = new Problem(this);
        changed.multipliers = Optional.of(all);
        return changed;
    }

    /** Scales of both signs, their magnitudes 1/2, 1 and 2. */
    Problem withBinaryBlockScales() {
        return withBinaryGroupScales(Qk256.BLOCK_WEIGHTS, ScaleType.F32);
    }

    /** The same for groups of another size and scales of another type. */
    Problem withBinaryGroupScales(int weights, ScaleType type) {
        Random random = new Random(seed + 3);
        float[] scales = new float[rows * Math.ceilDiv(cols, weights)];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = Math.scalb(random.nextBoolean() ? 1f : -1f, random.nextInt(3) - 1);
        }
        return withGroupScales(weights, type, scales);
    }

    Problem withTensorScale(float scale) {
        Problem changed = new Problem(this);
        changed.tensorScale = scale;
        return changed;
    }

    /** Sets x by column, and names it. */
    Problem withX(String name, IntToDoubleFunction other) {
        Problem changed = withOrigin(origin + ", " + name);
        changed.x = new float[cols];
        for (int col = 0; col < cols; col++) {
            changed.x[col] = (float) other.applyAsDouble(col);
        }
        return changed;
    }

    /** Sets one element of x. */
    Problem withX(int col, float value) {
        return withX("x[" + col + "] = " + value, c -> c == col ? value : x[c]);
    }

    /** Sets q by column, and names it. */
    Problem withQ(String name, IntUnaryOperator other) {
        Problem changed = withOrigin(origin + ", " + name);
        changed.q = new byte[cols];
        for (int col = 0; col < cols; col++) {
            changed.q[col] = (byte) other.applyAsInt(col);
        }
        return changed;
    }

    Problem withActivationScale(float scale) {
        Problem changed = new Problem(this);
        changed.activationScale = scale;
        return changed;
    }

    /** Sets the number of int8 columns for GEMM. */
    Problem withColumns(int number) {
        Problem changed = new Problem(this);
        changed.columns = number;
        return changed;
    }

    int rows() {
        return rows;
    }

    int cols() {
        return cols;
    }

    int blocks() {
        return Qk256.blocks(cols);
    }

    /** The codes, row by row; must not be modified. */
    byte[] codes() {
        return codes;
    }

    int code(int row, int col) {
        return codes[row * cols + col];
    }

    /** The codebook value of the weight, before scales. */
    float value(int row, int col) {
        return values[code(row, col)];
    }

    Codebook codebook() {
        return codebook;
    }

    /** The group scales, row by row; must not be modified. */
    Optional<float[]> groupScales() {
        return groupScales;
    }

    /** The number of weights that share a scale. */
    int group() {
        return group;
    }

    ScaleType scaleType() {
        return scaleType;
    }

    /** The number of groups in a row. */
    int groups() {
        return Math.ceilDiv(cols, group);
    }

    float groupScale(int row, int index) {
        return groupScales.map(scales -> scales[row * groups() + index]).orElse(1f);
    }

    /** One for each 32 int8 activations; must not be modified. */
    Optional<short[]> multipliers() {
        return multipliers;
    }

    int multiplier(int col) {
        return multipliers.isPresent() ? multipliers.get()[col / I8Vector.GROUP] : 1;
    }

    float tensorScale() {
        return tensorScale;
    }

    /** The f32 activations; must not be modified. */
    float[] x() {
        return x;
    }

    /** The int8 activations; must not be modified. */
    byte[] q() {
        return q;
    }

    /**
     * An int16 activation whose upper half is the int8 one. Its lower half differs from column to column, except that 0 and
     * the extremes stay what they are.
     */
    short shortOf(int col) {
        int high = q[col];
        int low = high == 0 || high == Byte.MIN_VALUE ? 0 : high == Byte.MAX_VALUE ? 255 : high * 37 + col * 101 & 255;
        return (short) (high << Byte.SIZE | low);
    }

    float activationScale() {
        return activationScale;
    }

    int columns() {
        return columns;
    }

    /**
     * The problem of one column: q rotated by that many places, so that extreme values remain, with a scale of its
     * own.
     */
    Problem column(int column) {
        Problem changed = new Problem(this);
        changed.q = new byte[cols];
        copyColumn(column, changed.q, 0);
        changed.activationScale = activationScale(column);
        changed.multipliers = multipliers.map(all -> multipliers(column));
        return changed;
    }

    /** The multipliers of a column, rotated as its q are. */
    short[] multipliers(int column) {
        short[] all = multipliers.orElseThrow();
        short[] turned = new short[all.length];
        for (int i = 0; i < all.length; i++) {
            turned[i] = all[(i + column) % all.length];
        }
        return turned;
    }

    /** Writes q of a column to a given place. */
    void copyColumn(int column, byte[] target, int place) {
        int turn = column % cols;
        System.arraycopy(q, turn, target, place, cols - turn);
        System.arraycopy(q, 0, target, place + cols - turn, turn);
    }

    float activationScale(int column) {
        return activationScale * (1 + column * 0.7f);
    }

    @Override
    public String toString() {
        return rows + "x" + cols + ", " + name(codebook)
                + groupScales
                        .map(scales -> ", " + scaleType + " scales of " + group + " weights")
                        .orElse("")
                + multipliers.map(all -> ", multipliers").orElse("")
                + (tensorScale == 1 ? "" : ", tensor scale " + tensorScale)
                + (activationScale == 1 ? "" : ", activation scale " + activationScale)
                + ", " + origin;
    }

    private static String name(Codebook codebook) {
        if (codebook.equals(Codebook.QK256)) {
            return "QK256";
        }
        return codebook.equals(Codebook.TERNARY)
                ? "ternary"
                : "codebook " + codebook.value0() + " " + codebook.value1() + " " + codebook.value2() + " "
                        + codebook.value3();
    }
}
