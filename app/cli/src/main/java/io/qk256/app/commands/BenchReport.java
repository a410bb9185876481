package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.qk256.app.bench.BenchFloor;
import io.qk256.app.bench.BenchJson;
import io.qk256.app.bench.BenchResults;
import io.qk256.app.bench.BenchRow;
import io.qk256.app.bench.Change;
import io.qk256.app.bench.Numbers;
import io.qk256.spi.support.PrintableText;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The results of the benchmarks, for people and for programs. */
final class BenchReport {

    /** How the results are printed. */
    enum Format {
        TABLE,
        MD,
        CSV,
        JSON
    }

    private static final List<String> HEADER = List.of(
            "operation",
            "shape",
            "columns",
            "mode",
            "threads",
            "kernel",
            "time",
            "error",
            "G weights/s",
            "GB/s",
            "x floor",
            "x scalar",
            "checked");

    private static final List<String> FIELDS = List.of(
            "operation",
            "shape",
            "columns",
            "mode",
            "threads",
            "kernel",
            "nanoseconds",
            "error",
            "weightsPerSecond",
            "bytesPerSecond",
            "timesFloor",
            "timesScalar",
            "checked");

    private BenchReport() {}

    static void print(BenchResults results, Format format, PrintWriter out) {
        switch (format) {
            case TABLE -> printTable(results, out);
            case MD -> printMarkdown(results, out);
            case CSV -> printCsv(results, out);
            case JSON -> Json.print(BenchJson.write(results), out);
        }
        out.flush();
    }

    private static void printTable(BenchResults results, PrintWriter out) {
        out.println("CPU       " + cpu(results));
        out.println("JVM       " + jvm(results.jvm()));
        out.println();
        Table table = new Table(HEADER.toArray(String[]::new));
        cells(results).forEach(row -> table.add(row.toArray(String[]::new)));
        out.println(table);
    }

    private static void printMarkdown(BenchResults results, PrintWriter out) {
        out.println("CPU: " + cpu(results) + "  ");
        out.println("JVM: " + jvm(results.jvm()));
        out.println();
        out.println("| " + String.join(" | ", HEADER) + " |");
        out.println("|" + " --- |".repeat(HEADER.size()));
        for (List<String> row : cells(results)) {
            List<String> plain = row.stream()
                    .map(cell -> PrintableText.line(cell).replace("|", "\\|"))
                    .toList();
            out.println("| " + String.join(" | ", plain) + " |");
        }
    }

    /** Prints one line per row, with the fields of the JSON; text that could hold a comma is quoted. */
    private static void printCsv(BenchResults results, PrintWriter out) {
        out.println(String.join(",", FIELDS));
        for (JsonElement row : BenchJson.write(results).getAsJsonArray("rows")) {
            List<String> cells = new ArrayList<>();
            for (String field : FIELDS) {
                JsonElement value = row.getAsJsonObject().get(field);
                String text = value.isJsonNull() ? "" : value.getAsString();
                cells.add(text.matches("[\\w.+-]*") ? text : '"' + text.replace("\"", "\"\"") + '"');
            }
            out.println(String.join(",", cells));
        }
    }

    private static List<List<String>> cells(BenchResults results) {
        List<List<String>> lines = new ArrayList<>();
        for (BenchFloor floor : results.floors()) {
            lines.add(List.of(
                    floor.task().operation(),
                    floor.task().shape(),
                    String.valueOf(floor.task().columns()),
                    floor.task().mode(),
                    String.valueOf(floor.task().threads()),
                    BenchFloor.LABEL,
                    Numbers.time(floor.timing().nanoseconds()),
                    Numbers.percent(floor.timing().error() / floor.timing().nanoseconds()),
                    "-",
                    Numbers.of(floor.bytesPerSecond() / 1e9),
                    "-",
                    "-",
                    floor.way().isEmpty() ? "-" : floor.way()));
        }
        results.rows().forEach(row -> lines.add(cells(row)));
        return lines;
    }

    private static List<String> cells(BenchRow row) {
        return List.of(
                row.task().operation(),
                row.task().shape(),
                String.valueOf(row.task().columns()),
                row.task().mode(),
                String.valueOf(row.task().threads()),
                row.kernel(),
                Numbers.time(row.timing().nanoseconds()),
                Numbers.percent(row.timing().error() / row.timing().nanoseconds()),
                Numbers.of(row.weightsPerSecond() / 1e9),
                Numbers.of(row.bytesPerSecond() / 1e9),
                Numbers.of(row.timesFloor()),
                Numbers.of(row.timesScalar()),
                row.checked());
    }

    private static String cpu(BenchResults results) {
        return PrintableText.line(results.machine().get("cpu").getAsString());
    }

    private static String jvm(JsonObject jvm) {
        JsonArray options = jvm.getAsJsonArray("options");
        List<String> words = new ArrayList<>();
        options.forEach(option -> words.add(option.getAsString()));
        return PrintableText.line(jvm.get("name").getAsString() + " "
                + jvm.get("version").getAsString() + (words.isEmpty() ? "" : ", " + String.join(" ", words)));
    }

    /** Prints the changes from an earlier run; on standard error if standard output is for programs. */
    static void printChanges(String name, List<Change> changes, PrintWriter out) {
        Table table = new Table("task", "kernel", name, "now", "change", "+-", "");
        for (Change change : changes) {
            table.add(
                    change.row().task().toString(),
                    change.row().kernel(),
                    Numbers.time(change.before().nanoseconds()),
                    Numbers.time(change.row().timing().nanoseconds()),
                    Numbers.change(change.relative()),
                    Numbers.percent(change.error()),
                    change.verdict().label());
        }
        out.println(table);
        out.println(String.format(
                Locale.ROOT,
                "A change in time counts if the two confidence intervals do not overlap, it exceeds %.0f %%, and all"
                        + " rounds agree.",
                Change.THRESHOLD * 100));
        out.flush();
    }
}
