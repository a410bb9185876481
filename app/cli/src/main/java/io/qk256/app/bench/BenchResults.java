package io.qk256.app.bench;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * The results of a run.
 *
 * @param machine the CPU
 * @param jvm the JVM and its options
 * @param floors the floors
 * @param rows the kernels
 */
public record BenchResults(JsonObject machine, JsonObject jvm, List<BenchFloor> floors, List<BenchRow> rows) {

    /** The row of a task and kernel, if it was measured. */
    public Optional<BenchRow> row(BenchTask task, String kernel) {
        return rows.stream()
                .filter(row -> row.task().equals(task) && row.kernel().equals(kernel))
                .findFirst();
    }

    /** The floor of a task, if it was measured. */
    public Optional<BenchFloor> floor(BenchTask task) {
        return floors.stream()
                .filter(floor -> floor.task().equals(task.floor()))
                .findFirst();
    }
}
