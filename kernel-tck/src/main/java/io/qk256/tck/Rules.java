package io.qk256.tck;

import io.qk256.tck.Rule.Level;
import java.lang.reflect.Field;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The rules that a kernel must keep: their numbers and names, as in SPEC.md, in the names of the tests and in every
 * failure.
 *
 * <p>Rules 1 to 10 apply to the f32 GEMV and to the int8 GEMV, with random codes and x uniform in [-10, 10). In these
 * rules the f32 result must be within 1e-4, absolute or relative, of the exact result, <em>and</em> within the bound
 * that {@link io.qk256.spi.Kernel} derives; everywhere else only the derived bound counts. The int8 GEMV and dequantize
 * are compared bit by bit, and every requirement on the int8 GEMV also applies to the int8 GEMM. Where no order of
 * summation can round, as with small integers, the f32 result must also be exact.
 */
public final class Rules {

    /** 1x256. */
    public static final String ONE_BLOCK = "rule 1 one block";

    /** 1x512. */
    public static final String TWO_BLOCKS = "rule 2 two blocks";

    /** 1x1024. */
    public static final String FOUR_BLOCKS = "rule 3 four blocks";

    /** 1x4096. */
    public static final String SIXTEEN_BLOCKS = "rule 4 sixteen blocks";

    /** 1x300: the last block holds 44 weights. */
    public static final String PARTIAL_BLOCK = "rule 5 partial block";

    /** 1x513: the last block holds one weight. */
    public static final String ONE_WEIGHT_MORE = "rule 6 two blocks and one weight";

    /** 1x1024 with the seeds 1, 42, 1337, 9999, 12345, 54321 and 99999. */
    public static final String SEVEN_SEEDS = "rule 7 seven random seeds";

    /** All codes equal, for each of the four codes: the product also equals the code's value times the sum of x. */
    public static final String UNIFORM_CODES = "rule 8 uniform codes";

    /** x = 0 gives exactly 0. */
    public static final String ZERO_INPUT = "rule 9 zero input";

    /** 8x512. */
    public static final String MANY_ROWS = "rule 10 many rows";

    /** Dequantize: each of the 256 byte values at each of the 64 places of a block, with block scales. */
    public static final String EVERY_BYTE = "rule 11 dequantize every byte";

    /**
     * The provider's requirements match what it does: if a feature is missing it is rejected with a reason
     * and never opened; if all are present it opens and computes.
     */
    public static final String DETECTION = "rule 12 detection";

    /** Every number of columns from 1 to 1030, and some wide ones. */
    public static final String EVERY_SIZE = "rule 13 every size";

    /** Every range of rows returns the same bits as all rows at once, and leaves the other rows alone. */
    public static final String ROW_RANGES = "rule 14 row ranges";

    /** The codebook belongs to the matrix: any four finite values; int8 requires integers from -64 to 63. */
    public static final String CODEBOOKS = "rule 15 codebooks";

    /** Rows may be further apart than their bytes. */
    public static final String ROW_STRIDE = "rule 16 row stride";

    /** Codes and int8 values may start at any byte, f32 values at any multiple of 4 bytes. */
    public static final String ALIGNMENT = "rule 17 alignment";

    /** NaN and infinities follow IEEE 754, even with weight 0, and stay within their row. */
    public static final String NOT_FINITE = "rule 18 NaN and infinity";

    /** Subnormal numbers count: none is flushed to 0. */
    public static final String SUBNORMAL = "rule 19 subnormal numbers";

    /** Results that are too large are infinite; results that underflow or cancel stay within the bound. */
    public static final String RANGE = "rule 20 large and small results";

    /** The previous content of the result's memory does not matter. */
    public static final String DIRTY_RESULT = "rule 21 dirty result";

    /** The codes past the last column do not matter. */
    public static final String PADDING = "rule 22 padding codes";

    /** What surrounds the operands does not matter. */
    public static final String READS_INSIDE = "rule 23 reads stay inside";

    /** Nothing but the result is written. */
    public static final String WRITES_INSIDE = "rule 24 writes stay inside";

    /** The inputs contain the same bytes after the call. */
    public static final String INPUTS_UNCHANGED = "rule 25 inputs unchanged";

    /** The int8 product is exact for the largest sums that its int32 can hold. */
    public static final String INT8_EXTREMES = "rule 26 int8 extremes";

    /** Block, tensor and activation scales are applied in the order, and with the roundings, of the contract. */
    public static final String SCALES = "rule 27 scales";

    /** One kernel serves many threads. */
    public static final String THREADS = "rule 28 threads";

    /** Heap, off-heap, mapped and read-only memory in every combination. */
    public static final String MEMORY = "rule 29 kinds of memory";

    /** With no rows, nothing happens. */
    public static final String EMPTY = "rule 30 empty ranges";

    /** Kernels are stateless: no call depends on the calls before it. */
    public static final String NOTHING_REMEMBERED = "rule 31 nothing remembered";

    /**
     * Random shapes, codebooks, scales, ranges and memory, with all checks at once. The system property
     * {@code qk256.tck.random} sets the number of cases (default 200); case n has seed n, and
     * {@code qk256.tck.seed=n} runs only that case.
     */
    public static final String RANDOM = "rule 32 random cases";

    /** int8 GEMM with 1, 2, 3, 4, 5, 16 and 17 columns and more, over every remainder of rows and of cols. */
    public static final String BATCH = "rule 33 batch";

    /** GEMM returns the bits of the int8 GEMV of each column alone, whatever the other columns are. */
    public static final String BATCH_BY_COLUMN = "rule 34 batch column by column";

    /** Invalid arguments are rejected before the kernel sees them, and nothing is written. */
    public static final String INVALID = "rule 35 invalid arguments";

    /** A provider that claims CPU features or the Vector API has code that can use them. */
    public static final String NEEDLESS_CLAIMS = "rule 36 no needless claims";

    /** The kernel's {@code toString()} says in one line what it runs, for tables and reports. */
    public static final String SELF_DESCRIPTION = "rule 37 self-description";

    /**
     * The part of the thread's floating-point environment that native code sees is the same before and after each
     * call.
     */
    public static final String FLOAT_ENVIRONMENT = "rule 38 floating-point environment";

    /** Nothing is printed to standard output or standard error, neither by Java nor by native code. */
    public static final String PRINTS_NOTHING = "rule 39 prints nothing";

    /** Threads, open files and memory do not grow with the number of calls, or of threads that have called. */
    public static final String NOTHING_LEAKS = "rule 40 nothing leaks";

    /** The provider and its kernel always give the same answers, each a short printable line. */
    public static final String STABLE_ANSWERS = "rule 41 stable and bounded answers";

    /** More rows, columns and int8 columns than 15, 16 and 20 bits can count. */
    public static final String LARGE = "rule 42 large shapes";

    /** The memory of the codes may be longer than the matrix needs. */
    public static final String LONGER_MEMORY = "rule 43 longer memory";

    /**
     * During the call, the other rows of the result belong to others: nothing is stored there, not even the same
     * value.
     */
    public static final String OTHERS_ROWS = "rule 44 rows of others";

    /** 17-bit numbers are used without loss, at any width. */
    public static final String EVERY_DIGIT = "rule 45 every digit";

    /** Vectors and results may be longer than the matrix needs. */
    public static final String LONGER_VECTORS = "rule 46 longer vectors";

    /** Scales of 64, 128 or 256 weights, as f32 or f16, added in eight lanes. */
    public static final String GROUP_SCALES = "rule 47 group scales";

    /** int8 activations in groups of 32, each with an integer multiplier. */
    public static final String MULTIPLIERS = "rule 48 multipliers";

    /** 8-bit weights in tiles of 16 rows, with an f16 scale for each 32 columns. */
    public static final String WIDE_WEIGHTS = "rule 49 8-bit weights";

    /** The rows of a list, with the bits of the int8 GEMV; the others are left alone. */
    public static final String LISTED_ROWS = "rule 50 listed rows";

    /** The transposed matrix, with the rows of a list: what is not listed does not count. */
    public static final String TRANSPOSED = "rule 51 transposed matrix";

    private static final Set<String> SHOULD = Set.of(NEEDLESS_CLAIMS, SELF_DESCRIPTION);

    private static final Pattern TEXT = Pattern.compile("rule (\\d+) (.+)");

    private static final List<Rule> ALL = Stream.of(Rules.class.getFields())
            .map(Rules::rule)
            .sorted(Comparator.comparingInt(Rule::number))
            .toList();

    private Rules() {}

    /** All rules, ordered by number. */
    public static List<Rule> all() {
        return ALL;
    }

    private static Rule rule(Field constant) {
        try {
            String text = (String) constant.get(null);
            Matcher parts = TEXT.matcher(text);
            if (!parts.matches()) {
                throw new IllegalStateException("'" + text + "', expected rule NUMBER WORDS");
            }
            Level level = SHOULD.contains(text) ? Level.SHOULD : Level.MUST;
            return new Rule(Integer.parseInt(parts.group(1)), parts.group(2), level);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
