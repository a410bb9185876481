package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.Numbers;
import io.qk256.app.bench.SkippingRow;
import java.util.List;

/** The speed with sparse states, for people and for programs. */
final class SkippingReport {

    private static final double PERCENT = 100;

    private SkippingReport() {}

    static Table table(List<SkippingRow> rows) {
        Table table = new Table(
                "skipping: kernel",
                "threads",
                "gates > 0",
                "inputs not 0",
                "all read t/s",
                "rows skipped t/s",
                "x all",
                "columns too t/s",
                "x all");
        for (SkippingRow row : rows) {
            table.add(
                    row.kernel(),
                    Integer.toString(row.threads()),
                    Math.round(PERCENT * row.rowDensity()) + " %",
                    Math.round(PERCENT * row.columnDensity()) + " %",
                    Numbers.of(row.wholeRate()),
                    Numbers.of(row.rowsRate()),
                    Numbers.of(row.rowsRate() / row.wholeRate()),
                    Numbers.of(row.allRate()),
                    Numbers.of(row.allRate() / row.wholeRate()));
        }
        return table;
    }

    static JsonObject json(SkippingRow row) {
        JsonObject json = new JsonObject();
        json.addProperty("kernel", Json.bounded(row.kernel()));
        json.addProperty("threads", row.threads());
        json.addProperty("positiveGates", row.rowDensity());
        json.addProperty("notZeroInputs", row.columnDensity());
        json.addProperty("tokensPerSecondReadingAll", row.wholeRate());
        json.addProperty("tokensPerSecondSkippingRows", row.rowsRate());
        json.addProperty("tokensPerSecondSkippingAll", row.allRate());
        return json;
    }
}
