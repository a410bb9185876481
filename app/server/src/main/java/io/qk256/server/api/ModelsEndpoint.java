package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Endpoint;
import java.time.Instant;

/** Lists the model. */
public final class ModelsEndpoint {

    private static final String ONE = "/v1/models/";

    private ModelsEndpoint() {}

    /** All models: the one. */
    public static Endpoint list(String id, Instant since) {
        return exchange -> {
            JsonArray data = new JsonArray();
            data.add(json(id, since));
            JsonObject list = new JsonObject();
            list.addProperty("object", "list");
            list.add("data", data);
            exchange.json(200, list);
        };
    }

    /** The model that the path names. */
    public static Endpoint one(String id, Instant since) {
        return exchange -> {
            requireModel(exchange.path().substring(ONE.length()), id);
            exchange.json(200, json(id, since));
        };
    }

    /** @throws ApiException if a client asks for another model than the one that is served */
    static void requireModel(String named, String id) {
        if (!named.equals(id)) {
            throw ApiException.refused(
                    404,
                    "model",
                    "model_not_found",
                    "the model " + Fields.shown(new JsonPrimitive(named)) + " is not served here, expected '" + id
                            + "'");
        }
    }

    private static JsonObject json(String id, Instant since) {
        JsonObject json = new JsonObject();
        json.addProperty("id", id);
        json.addProperty("object", "model");
        json.addProperty("created", since.getEpochSecond());
        json.addProperty("owned_by", "qk256");
        return json;
    }
}
