package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.FinishReason;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** What is around the choices of an answer; the same in all parts of a stream. */
final class Envelope {

    private final String id;
    private final String model;
    private final long created = Instant.now().getEpochSecond();

    Envelope(String prefix, String model) {
        this.id = prefix + UUID.randomUUID().toString().replace("-", "");
        this.model = model;
    }

    JsonObject json(String object, List<JsonObject> choices) {
        JsonArray array = new JsonArray();
        choices.forEach(array::add);
        return json(object, array);
    }

    JsonObject json(String object, JsonArray choices) {
        JsonObject json = new JsonObject();
        json.addProperty("id", id);
        json.addProperty("object", object);
        json.addProperty("created", created);
        json.addProperty("model", model);
        json.add("choices", choices);
        return json;
    }

    /** Why a completion ended, in the protocol's words: an answer that was cut, by whatever, is too long. */
    static JsonElement reason(CompletionEnd end) {
        boolean complete = end.reason() == FinishReason.COMPLETE || end.reason() == FinishReason.STOP_STRING;
        return new JsonPrimitive(complete ? "stop" : "length");
    }
}
