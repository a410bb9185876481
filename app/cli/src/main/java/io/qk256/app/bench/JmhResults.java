package io.qk256.app.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Reads the kit's output: JMH's results and the verdicts of the checks. */
public final class JmhResults {

    private static final String SCALAR = "scalar";
    private static final Pattern TAB = Pattern.compile("\t");

    private final boolean against;
    private final Map<BenchTask, Timing> floors = new LinkedHashMap<>();
    private final Map<BenchTask, Map<String, Timing>> kernels = new LinkedHashMap<>();
    private final Map<String, String> verdicts = new LinkedHashMap<>();

    private JmhResults(boolean against) {
        this.against = against;
    }

    /**
     * Joins measurements and verdicts.
     *
     * @param measured JMH's results
     * @param verdicts tab-separated lines: task, kernel, whether in the other JVM, verdict; if several lines are about the
     *     same, the worst counts. The verdict of a floor is how it was measured
     * @param against whether to read the results of the other JVM, if two were compared; floors are the same
     */
    public static BenchResults read(
            JsonArray measured, List<String> verdicts, boolean against, JsonObject machine, JsonObject jvm) {
        JmhResults results = new JmhResults(against);
        measured.forEach(result -> results.add(result.getAsJsonObject()));
        verdicts.forEach(results::addVerdict);
        return new BenchResults(machine, jvm, results.floorList(), results.rowList());
    }

    private void add(JsonObject result) {
        JsonObject params = result.getAsJsonObject("params");
        BenchTask task = new BenchTask(
                params.get("operation").getAsString(),
                params.get("shape").getAsString(),
                params.get("columns").getAsInt(),
                params.get("mode").getAsString(),
                params.get("threads").getAsInt());
        Timing timing = timing(result.getAsJsonObject("primaryMetric"));
        JsonElement kernel = params.get("kernel");
        if (kernel == null) {
            floors.put(task, timing);
        } else if (params.get("against").getAsBoolean() == against) {
            kernels.computeIfAbsent(task, key -> new LinkedHashMap<>()).put(kernel.getAsString(), timing);
        }
    }

    private static Timing timing(JsonObject metric) {
        List<Double> rounds = new ArrayList<>();
        for (JsonElement round : metric.getAsJsonArray("rawData")) {
            round.getAsJsonArray().asList().stream()
                    .mapToDouble(JsonElement::getAsDouble)
                    .average()
                    .ifPresent(rounds::add);
        }
        return new Timing(
                metric.get("score").getAsDouble(), metric.get("scoreError").getAsDouble(), rounds);
    }

    private void addVerdict(String line) {
        String[] parts = TAB.split(line, -1);
        if (Boolean.parseBoolean(parts[2]) == against || parts[1].equals(BenchFloor.LABEL)) {
            verdicts.merge(
                    parts[0] + "\t" + parts[1],
                    parts[3],
                    (one, other) -> severity(one) >= severity(other) ? one : other);
        }
    }

    private static double severity(String verdict) {
        if (verdict.startsWith(BenchRow.WRONG)) {
            return Double.POSITIVE_INFINITY;
        }
        return Character.isDigit(verdict.charAt(0))
                ? Double.parseDouble(verdict.substring(0, verdict.indexOf(' ')))
                : -1;
    }

    private List<BenchFloor> floorList() {
        List<BenchFloor> list = new ArrayList<>();
        floors.forEach((task, timing) -> list.add(
                new BenchFloor(task, timing, verdicts.getOrDefault(task.argument() + "\t" + BenchFloor.LABEL, ""))));
        return list;
    }

    private List<BenchRow> rowList() {
        List<BenchRow> list = new ArrayList<>();
        kernels.forEach((task, timings) -> timings.forEach((kernel, timing) -> {
            Timing floor = floors.get(task.floor());
            Timing scalar = timings.get(SCALAR);
            list.add(new BenchRow(
                    task,
                    kernel,
                    timing,
                    floor == null ? Double.NaN : timing.nanoseconds() / floor.nanoseconds(),
                    scalar == null ? Double.NaN : scalar.nanoseconds() / timing.nanoseconds(),
                    verdicts.getOrDefault(task.argument() + "\t" + kernel, BenchRow.WRONG + ": not checked")));
        }));
        return list;
    }
}
