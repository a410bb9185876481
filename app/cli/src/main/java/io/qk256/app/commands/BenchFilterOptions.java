package io.qk256.app.commands;

import io.qk256.app.bench.TaskFilter;
import io.qk256.spi.support.UserError;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that select what is measured. */
final class BenchFilterOptions {

    private static final TaskFilter BATCH =
            new TaskFilter(List.of("gemm-i8"), List.of("2560x2560"), List.of("16"), List.of("warm"), List.of("1"));

    static final List<TaskFilter> NORMAL = List.of(
            new TaskFilter(
                    List.of(TaskFilter.ALL),
                    List.of("256", "1024", "4096", "2560x2560"),
                    List.of("1"),
                    List.of(TaskFilter.ALL),
                    List.of("1")),
            BATCH);

    static final List<TaskFilter> QUICK = List.of(
            new TaskFilter(
                    List.of(TaskFilter.ALL), List.of("1024", "2560x2560"), List.of("1"), List.of("warm"), List.of("1")),
            BATCH);

    @Option(
            names = "--operations",
            paramLabel = "NAME",
            split = ",",
            description = "dequantize, gemv-f32, gemv-i8, gemm-i8, gemm-q8 (default: all).")
    private @Nullable List<String> operations;

    @Option(
            names = "--shapes",
            paramLabel = "SHAPE",
            split = ",",
            description =
                    "WEIGHTS or WEIGHTS-array for dequantize, ROWSxCOLS for the others, ROWSxCOLS-g64 with f16 scales for"
                            + " groups of 64 weights and int8 activations in groups of 32, ROWSxCOLS-q8 and, with int16"
                            + " activations, ROWSxCOLS-q8-i16 for gemm-q8"
                            + " (default: 256,1024,4096,2560x2560; quick: 1024,2560x2560).")
    private @Nullable List<String> shapes;

    @Option(
            names = "--columns",
            paramLabel = "N",
            split = ",",
            description =
                    "Activation vectors per call: 1 for GEMV, more for gemm-i8, any number for gemm-q8; 'all' is 1,4,16"
                            + " (default: 1, and 16 warm).")
    private @Nullable List<String> columns;

    @Option(
            names = "--modes",
            paramLabel = "MODE",
            split = ",",
            description = "warm: the same matrix over and over; cold: more than a GiB of matrices in turn"
                    + " (default: all; quick: warm).")
    private @Nullable List<String> modes;

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "Numbers of threads that share the rows of a matrix; 'all' is one per CPU (default: 1).")
    private @Nullable List<String> threads;

    BenchFilterOptions() {}

    /** Whether any option was given. */
    boolean isGiven() {
        return operations != null || shapes != null || columns != null || modes != null || threads != null;
    }

    /** The given options; defaults in place of those not given. */
    List<TaskFilter> orElse(List<TaskFilter> usual) {
        requireTakersOfColumns();
        return usual.stream().map(this::orElse).toList();
    }

    /** Columns that no given operation takes would not be measured. */
    private void requireTakersOfColumns() {
        if (columns != null
                && operations != null
                && !operations.contains("gemm-i8")
                && !operations.contains("gemm-q8")
                && !operations.contains(TaskFilter.ALL)
                && !columns.equals(List.of("1"))) {
            throw new UserError(
                    "--columns: '" + String.join(",", columns) + "', expected 1 for " + String.join(", ", operations)
                            + "; only gemm-i8 and gemm-q8 take several columns, add one to --operations");
        }
    }

    private TaskFilter orElse(TaskFilter usual) {
        return new TaskFilter(
                operations == null ? usual.operations() : operations,
                shapes == null ? usual.shapes() : shapes,
                columns == null ? usual.columns() : columns,
                modes == null ? usual.modes() : modes,
                threads == null ? usual.threads() : threads);
    }
}
