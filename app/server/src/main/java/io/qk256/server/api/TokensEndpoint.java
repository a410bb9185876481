package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.llm.text.Tokenizer;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Endpoint;
import java.util.function.Function;

/** Text to tokens and back, in the form of llama.cpp's server. */
public final class TokensEndpoint {

    private TokensEndpoint() {}

    /** {@code {"content": "Once"}} to {@code {"tokens": [12]}}. */
    public static Endpoint encode(Backend backend) {
        return exchange -> exchange.json(
                200, encoded(Fields.parse(exchange.body()), backend.model().tokenizer()));
    }

    /** {@code {"tokens": [12]}} to {@code {"content": "Once"}}. */
    public static Endpoint decode(Backend backend) {
        return exchange -> exchange.json(
                200, decoded(Fields.parse(exchange.body()), backend.model().tokenizer()));
    }

    private static JsonObject encoded(Fields fields, Tokenizer tokenizer) {
        String content = fields.text("content")
                .orElseThrow(() ->
                        ApiException.invalid("content", "missing_parameter", "content is missing, expected a string"));
        boolean begin = fields.flag("add_special");
        boolean marks = fields.flag("parse_special");
        boolean pieces = fields.flag("with_pieces");
        fields.requireNoOthers();
        JsonArray tokens = new JsonArray();
        for (int token : tokenizer.encode(content, begin && tokenizer.addsBeginOfText(), marks)) {
            if (pieces) {
                JsonObject json = new JsonObject();
                json.addProperty("id", token);
                json.addProperty("piece", tokenizer.describe(token));
                tokens.add(json);
            } else {
                tokens.add(token);
            }
        }
        JsonObject json = new JsonObject();
        json.add("tokens", tokens);
        return json;
    }

    private static JsonObject decoded(Fields fields, Tokenizer tokenizer) {
        JsonArray given = fields.array("tokens")
                .orElseThrow(() -> ApiException.invalid(
                        "tokens", "missing_parameter", "tokens is missing, expected an array of tokens"));
        fields.requireNoOthers();
        Function<String, int[]> none = text -> new int[0];
        int[] tokens =
                given.isEmpty() ? new int[0] : new Texts(none, tokenizer.vocabularySize()).tokens(given, "tokens");
        JsonObject json = new JsonObject();
        json.addProperty("content", tokenizer.decode(tokens));
        return json;
    }
}
