package io.qk256.app.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;

/** Results as JSON. An unknown number is null. */
public final class BenchJson {

    private BenchJson() {}

    /** Returns the object that {@code -o json} prints and {@code --save} stores. */
    public static JsonObject write(BenchResults results) {
        JsonObject root = new JsonObject();
        root.add("machine", results.machine());
        root.add("jvm", results.jvm());
        JsonArray floors = new JsonArray();
        for (BenchFloor floor : results.floors()) {
            JsonObject json = task(floor.task());
            timing(json, floor.timing());
            json.addProperty("bytesPerSecond", floor.bytesPerSecond());
            json.addProperty("way", floor.way());
            floors.add(json);
        }
        root.add("floors", floors);
        JsonArray rows = new JsonArray();
        results.rows().forEach(row -> rows.add(row(row)));
        root.add("rows", rows);
        return root;
    }

    private static JsonObject row(BenchRow row) {
        JsonObject json = task(row.task());
        json.addProperty("kernel", row.kernel());
        timing(json, row.timing());
        json.addProperty("weightsPerSecond", row.weightsPerSecond());
        json.addProperty("bytesPerSecond", row.bytesPerSecond());
        json.add("timesFloor", number(row.timesFloor()));
        json.add("timesScalar", number(row.timesScalar()));
        json.addProperty("checked", row.checked());
        return json;
    }

    private static JsonObject task(BenchTask task) {
        JsonObject json = new JsonObject();
        json.addProperty("operation", task.operation());
        json.addProperty("shape", task.shape());
        json.addProperty("columns", task.columns());
        json.addProperty("mode", task.mode());
        json.addProperty("threads", task.threads());
        return json;
    }

    private static void timing(JsonObject json, Timing timing) {
        json.addProperty("nanoseconds", timing.nanoseconds());
        json.add("error", number(timing.error()));
    }

    private static JsonElement number(double value) {
        return Double.isNaN(value) ? JsonNull.INSTANCE : new JsonPrimitive(value);
    }

    /**
     * Reads the output of {@link #write}.
     *
     * @throws JsonParseException if it is something else
     */
    public static BenchResults read(JsonElement root) {
        try {
            JsonObject object = root.getAsJsonObject();
            List<BenchFloor> floors = new ArrayList<>();
            for (JsonElement floor : object.getAsJsonArray("floors")) {
                floors.add(readFloor(floor.getAsJsonObject()));
            }
            List<BenchRow> rows = new ArrayList<>();
            for (JsonElement row : object.getAsJsonArray("rows")) {
                rows.add(readRow(row.getAsJsonObject()));
            }
            return new BenchResults(object.getAsJsonObject("machine"), object.getAsJsonObject("jvm"), floors, rows);
        } catch (NullPointerException | IllegalStateException | ClassCastException | NumberFormatException e) {
            throw new JsonParseException("expected results of qk256 bench, with machine, jvm, floors and rows", e);
        }
    }

    /** Results of earlier versions do not say how a floor was measured. */
    private static BenchFloor readFloor(JsonObject json) {
        JsonElement way = json.get("way");
        return new BenchFloor(readTask(json), readTiming(json), way == null ? "" : way.getAsString());
    }

    private static BenchRow readRow(JsonObject json) {
        return new BenchRow(
                readTask(json),
                json.get("kernel").getAsString(),
                readTiming(json),
                readNumber(json.get("timesFloor")),
                readNumber(json.get("timesScalar")),
                json.get("checked").getAsString());
    }

    private static BenchTask readTask(JsonObject json) {
        return new BenchTask(
                json.get("operation").getAsString(),
                json.get("shape").getAsString(),
                json.get("columns").getAsInt(),
                json.get("mode").getAsString(),
                json.get("threads").getAsInt());
    }

    private static Timing readTiming(JsonObject json) {
        return new Timing(json.get("nanoseconds").getAsDouble(), readNumber(json.get("error")), List.of());
    }

    private static double readNumber(JsonElement number) {
        return number.isJsonNull() ? Double.NaN : number.getAsDouble();
    }
}
