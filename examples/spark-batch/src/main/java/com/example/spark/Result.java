package com.example.spark;

import io.qk256.llm.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A row of the result.
 *
 * @param key the row's
 * @param text what was generated; null in other modes
 * @param tokens those that were generated, predicted or embedded
 * @param nats the mean of -ln p of these tokens; null for vectors and if there are none
 * @param vector of length 1; null in other modes
 * @param kernel the kernel that computed the row
 * @param model the SHA-256 of the model's file
 * @param error why the row has no result; null if it has
 */
record Result(
        String key, String text, int tokens, Double nats, float[] vector, String kernel, String model, String error) {

    /** One line of JSON, without what is null. */
    String toJson() {
        Map<String, JsonValue> fields = new LinkedHashMap<>();
        put(fields, "key", key);
        put(fields, "text", text);
        fields.put("tokens", new JsonValue.Num(Integer.toString(tokens)));
        if (nats != null) {
            fields.put("nats", new JsonValue.Num(nats.toString()));
        }
        if (vector != null) {
            List<JsonValue> numbers = new ArrayList<>();
            for (float number : vector) {
                numbers.add(new JsonValue.Num(Float.toString(number)));
            }
            fields.put("vector", new JsonValue.Items(numbers));
        }
        put(fields, "kernel", kernel);
        put(fields, "model", model);
        put(fields, "error", error);
        return new JsonValue.Fields(fields).toJson();
    }

    private static void put(Map<String, JsonValue> fields, String name, String value) {
        if (value != null) {
            fields.put(name, new JsonValue.Text(value));
        }
    }
}
