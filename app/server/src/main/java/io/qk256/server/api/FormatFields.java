package io.qk256.server.api;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.qk256.llm.grammar.JsonGrammar;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Json;
import java.util.Optional;

/** Reads which form an answer must have. */
final class FormatFields {

    private static final String FIELD = "response_format";
    private static final String SCHEMA = "response_format.json_schema.schema";

    private FormatFields() {}

    /** The grammar of the answer; empty for any text. */
    static Optional<JsonGrammar> read(Fields fields, Grammars grammars) {
        Optional<Fields> given = fields.object(FIELD);
        if (given.isEmpty()) {
            return Optional.empty();
        }
        Fields format = given.get();
        String type = format.word("type", "text", "json_object", "json_schema")
                .orElseThrow(() -> missing("response_format.type", "text, json_object or json_schema"));
        Optional<JsonGrammar> grammar = switch (type) {
            case "text" -> Optional.empty();
            case "json_object" -> Optional.of(grammars.of(FIELD, "any object", JsonGrammar::ofAnyObject));
            default ->
                Optional.of(schema(
                        format.object("json_schema")
                                .orElseThrow(() -> missing("response_format.json_schema", "an object")),
                        grammars));
        };
        format.requireNoOthers();
        return grammar;
    }

    private static JsonGrammar schema(Fields fields, Grammars grammars) {
        // The answer always satisfies the schema, strict or not; the name and the description are for other programs.
        fields.ignore("name", "description", "strict");
        JsonElement schema = fields.any("schema").orElseGet(JsonObject::new);
        fields.requireNoOthers();
        String text = Json.text(schema);
        return grammars.of(SCHEMA, text, texts -> JsonGrammar.ofSchema(texts, text));
    }

    private static ApiException missing(String where, String expected) {
        return ApiException.invalid(where, "missing_parameter", where + " is missing, expected " + expected);
    }
}
