package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.Numbers;
import io.qk256.app.bench.ScreenedRow;
import java.util.List;

/** The speed with a screened head, for people and for programs. */
final class ScreenedReport {

    /** Greedy decoding, the default of --top-k, and the most that sampling asks for, which may rule out too few. */
    static final List<Integer> WANTED = List.of(1, 40, 256);

    private static final double PERCENT = 100;

    private ScreenedReport() {}

    /** @param vocabulary the rows of the head */
    static Table table(List<ScreenedRow> rows, int vocabulary) {
        Table table = new Table(
                "screened head: kernel",
                "threads",
                "best",
                "decode t/s",
                "rows in 8 bits of " + vocabulary,
                "all rows");
        for (ScreenedRow row : rows) {
            double read = row.readings().rowsPerToken();
            table.add(
                    row.kernel(),
                    Integer.toString(row.threads()),
                    Integer.toString(row.best()),
                    Numbers.of(row.decodeRate()),
                    Double.isNaN(read) ? "" : Long.toString(Math.round(read)),
                    Math.round(PERCENT * row.fallbackPart()) + " %");
        }
        return table;
    }

    static JsonObject json(ScreenedRow row) {
        JsonObject json = new JsonObject();
        json.addProperty("kernel", Json.bounded(row.kernel()));
        json.addProperty("threads", row.threads());
        json.addProperty("best", row.best());
        json.addProperty("decodeTokensPerSecond", row.decodeRate());
        json.addProperty("screenedTokens", row.readings().screened());
        json.addProperty("rowsReadForScreenedTokens", row.readings().rows());
        json.addProperty("screeningFallbacks", row.readings().fallbacks());
        json.addProperty("fullHeadReadings", row.readings().full());
        return json;
    }
}
