package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.stream.JsonWriter;
import io.qk256.llm.text.Tokenizer;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import java.io.IOException;
import java.util.function.Function;

/** Text to tokens and back, in the form of llama.cpp's server. */
public final class TokensEndpoint {

    private TokensEndpoint() {}

    /** {@code {"content": "Once"}} to {@code {"tokens": [12]}}. */
    public static Endpoint encode(Backend backend) {
        return exchange -> encode(exchange, backend.model().tokenizer());
    }

    /** {@code {"tokens": [12]}} to {@code {"content": "Once"}}. */
    public static Endpoint decode(Backend backend) {
        return exchange -> exchange.json(
                200, decoded(Fields.parse(exchange.body()), backend.model().tokenizer()));
    }

    private static void encode(Exchange exchange, Tokenizer tokenizer) throws IOException {
        Fields fields = Fields.parse(exchange.body());
        String content = fields.text("content")
                .orElseThrow(() ->
                        ApiException.invalid("content", "missing_parameter", "content is missing, expected a string"));
        boolean begin = fields.flag("add_special");
        boolean marks = fields.flag("parse_special");
        boolean pieces = fields.flag("with_pieces");
        fields.requireNoOthers();
        int[] tokens = tokenizer.encode(content, begin && tokenizer.addsBeginOfText(), marks);
        write(tokens, pieces, tokenizer, exchange.jsonWriter(200));
    }

    /** Token by token, because objects for the millions that a body may have take more memory than there is. */
    private static void write(int[] tokens, boolean pieces, Tokenizer tokenizer, JsonWriter json) throws IOException {
        json.beginObject().name("tokens").beginArray();
        for (int token : tokens) {
            if (pieces) {
                json.beginObject().name("id").value(token);
                json.name("piece").value(tokenizer.describe(token)).endObject();
            } else {
                json.value(token);
            }
        }
        json.endArray().endObject();
        json.close();
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
