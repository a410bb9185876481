package io.qk256.app.bench;

import io.qk256.spi.Operation;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.support.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The tasks that a user selects. Each list holds the wanted values; {@code all} stands for all known values.
 *
 * @param operations from {@link #OPERATIONS}
 * @param shapes {@code WEIGHTS} and {@code WEIGHTS-array} for dequantize, {@code ROWSxCOLS} and {@code ROWSxCOLS-g64} for GEMV, {@code ROWSxCOLS-q8} and
 *     {@code ROWSxCOLS-q8-i16} for 8-bit weights
 * @param columns numbers; more than 1 for {@code gemm-i8}, any for {@code gemm-q8}, 1 for all others
 * @param modes {@code warm}, {@code cold}
 * @param threads numbers; {@code all} is one per CPU
 */
public record TaskFilter(
        List<String> operations, List<String> shapes, List<String> columns, List<String> modes, List<String> threads) {

    /** Takes the place of a list. */
    public static final String ALL = "all";

    /** The operations of a kernel. */
    public static final List<String> OPERATIONS = List.of(
            BenchTask.DEQUANTIZE,
            Operation.GEMV_F32.label(),
            Operation.GEMV_I8.label(),
            BenchTask.GEMM_I8,
            BenchTask.GEMM_Q8);

    /** Small rows, the matrices of BitNet b1.58 2B-4T, one of Ternary Bonsai 8B, and a part of an output head. */
    public static final List<String> SHAPES = List.of(
            "64",
            "128",
            "256",
            "512",
            "1024",
            "1024-array",
            "4096",
            "16384",
            "1x1024",
            "8x512",
            "2560x2560",
            "640x2560",
            "6912x2560",
            "2560x6912",
            "4096x4096-g64",
            "8192x2560-q8",
            "8192x2560-q8-i16");

    /** One activation vector, as in decoding; several, as in prompt processing. */
    public static final List<String> COLUMNS = List.of("1", "4", "16");

    /** Warm: the same matrix over and over. Cold: more than a GiB of matrices in turn. */
    public static final List<String> MODES = List.of("warm", "cold");

    /** Smaller matrices are measured only warm and with one thread, because models do not consist of them. */
    private static final long LARGE_BYTES = 256 << 10;

    private static final int MOST_WEIGHTS = 1 << 28;
    private static final int MOST_COLUMNS = 1024;
    private static final Pattern SHAPE =
            Pattern.compile("[1-9]\\d{0,8}(-array|x[1-9]\\d{0,8}(-g(64|128|256)|-q8(-i16)?)?)?");
    private static final Pattern NUMBER = Pattern.compile("[1-9]\\d{0,3}");

    /**
     * Returns the tasks, ordered by operation, shape, columns, mode, threads.
     *
     * @throws UserError if an element is unknown, or no task is left
     */
    public List<BenchTask> tasks() {
        return tasks(List.of(this));
    }

    /**
     * Returns the tasks of several filters without duplicates.
     *
     * @throws UserError if an element is unknown, or no task is left
     */
    public static List<BenchTask> tasks(List<TaskFilter> filters) {
        List<BenchTask> tasks = filters.stream()
                .flatMap(filter -> filter.matching().stream())
                .distinct()
                .toList();
        if (tasks.isEmpty()) {
            TaskFilter first = filters.getFirst();
            throw new UserError(
                    "nothing to measure: dequantize takes shapes such as 1024 and is measured warm, with 1 thread;"
                            + " the others take shapes such as 2560x2560, cold or with several threads only from "
                            + (LARGE_BYTES >> 10)
                            + " KiB on; gemm-i8 takes several columns, gemm-q8 any number and shapes such as 8192x2560-q8, the"
                            + " others one; got operations "
                            + first.operations + ", shapes " + first.shapes + ", columns " + first.columns
                            + ", modes " + first.modes + ", threads " + first.threads);
        }
        return tasks;
    }

    private List<BenchTask> matching() {
        List<BenchTask> tasks = new ArrayList<>();
        for (String operation : chosen("operation", operations, OPERATIONS)) {
            for (String shape : shapes.equals(List.of(ALL)) ? SHAPES : shapes) {
                requireShape(shape);
                addTasks(operation, shape, tasks);
            }
        }
        return tasks;
    }

    private void addTasks(String operation, String shape, List<BenchTask> tasks) {
        for (String column : columns.equals(List.of(ALL)) ? COLUMNS : columns) {
            for (String mode : chosen("mode", modes, MODES)) {
                for (String thread : threads) {
                    BenchTask task = new BenchTask(operation, shape, columnCount(column), mode, threadCount(thread));
                    if (exists(task)) {
                        tasks.add(task);
                    }
                }
            }
        }
    }

    private static boolean exists(BenchTask task) {
        boolean matrix = task.shape().contains("x");
        boolean simple = task.mode().equals("warm") && task.threads() == 1;
        boolean row = task.operation().equals(BenchTask.DEQUANTIZE);
        if (task.isWide() != task.operation().equals(BenchTask.GEMM_Q8)) {
            return false;
        }
        return row != matrix
                && (simple || (matrix && task.bytes() >= LARGE_BYTES))
                && (task.isWide() || (task.columns() > 1) == task.operation().equals(BenchTask.GEMM_I8));
    }

    private static List<String> chosen(String what, List<String> wanted, List<String> known) {
        if (wanted.equals(List.of(ALL))) {
            return known;
        }
        for (String name : wanted) {
            if (!known.contains(name)) {
                throw new UserError(
                        what + ": '" + name + "', expected " + ALL + " or some of " + String.join(", ", known));
            }
        }
        return wanted;
    }

    private static void requireShape(String shape) {
        if (!SHAPE.matcher(shape).matches()) {
            throw new UserError("shape: '" + shape
                    + "', expected WEIGHTS, WEIGHTS-array, ROWSxCOLS, ROWSxCOLS-g64, ROWSxCOLS-q8 or ROWSxCOLS-q8-i16, as in 1024,"
                    + " 1024-array, 2560x2560, 4096x4096-g64 (groups of 64, 128 or 256 weights), 8192x2560-q8 (8-bit weights)"
                    + " or 8192x2560-q8-i16 (with int16 activations)");
        }
        long weights = new BenchTask(BenchTask.DEQUANTIZE, shape, 1, "warm", 1).weights();
        if (weights > MOST_WEIGHTS) {
            throw new UserError(
                    "shape: " + shape + " has " + weights + " weights, expected " + MOST_WEIGHTS + " or fewer");
        }
    }

    private static int columnCount(String count) {
        if (!NUMBER.matcher(count).matches() || Integer.parseInt(count) > MOST_COLUMNS) {
            throw new UserError("columns: '" + count + "', expected " + ALL + " or 1 to " + MOST_COLUMNS);
        }
        return Integer.parseInt(count);
    }

    private static int threadCount(String count) {
        if (count.equals(ALL)) {
            return Math.min(Runtime.getRuntime().availableProcessors(), ParallelKernel.MAX_THREADS);
        }
        if (!NUMBER.matcher(count).matches() || Integer.parseInt(count) > ParallelKernel.MAX_THREADS) {
            throw new UserError("threads: '" + count + "', expected " + ALL + " or 1 to " + ParallelKernel.MAX_THREADS);
        }
        return Integer.parseInt(count);
    }
}
