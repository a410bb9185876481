package io.qk256.llm.text.jinja;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.testing.Fixtures;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Recorded conversations of one template: see PROVENANCE.md of the fixtures. */
public record Conversations(String name, String sha256, List<Recorded> recorded) {

    /** All of them. */
    public static final List<String> NAMES = List.of(
            "bitnet-gguf",
            "bitnet-hf",
            "chatml",
            "falcon3",
            "gemma3",
            "llama2",
            "llama3",
            "llama3-genprompt",
            "llama3_1",
            "mistral-v0",
            "mistral-v1",
            "mistral-v3",
            "qwen3",
            "qwen3-rev2");

    /**
     * A conversation.
     *
     * @param text what the template makes of it; if empty, it refuses
     */
    public record Recorded(String name, Map<String, Value> variables, Optional<String> text, String refusal) {}

    /** Those of a template. */
    public static Conversations of(String name) {
        JsonObject file = JsonParser.parseString(
                        new String(Fixtures.bytes("templates/" + name + ".json"), StandardCharsets.UTF_8))
                .getAsJsonObject();
        Map<String, Value> shared = new LinkedHashMap<>();
        for (String token : List.of("bos_token", "eos_token")) {
            if (!file.get(token).isJsonNull()) {
                shared.put(token, Value.ofTemplate(file.get(token).getAsString()));
            }
        }
        List<Recorded> recorded = new ArrayList<>();
        for (JsonElement element : file.getAsJsonArray("cases")) {
            JsonObject json = element.getAsJsonObject();
            Map<String, Value> variables = new LinkedHashMap<>(shared);
            for (String variable : List.of("messages", "add_generation_prompt")) {
                variables.put(variable, value(json.get(variable)));
            }
            if (json.has("extra")) {
                json.getAsJsonObject("extra").asMap().forEach((key, value) -> variables.put(key, value(value)));
            }
            recorded.add(new Recorded(
                    json.get("name").getAsString(),
                    variables,
                    text(json, "rendered"),
                    text(json, "error").orElse("")));
        }
        return new Conversations(name, file.get("template_sha256").getAsString(), recorded);
    }

    private static Optional<String> text(JsonObject json, String name) {
        return Optional.ofNullable(json.get(name)).map(JsonElement::getAsString);
    }

    private static Value value(JsonElement json) {
        if (json instanceof JsonArray array) {
            return new Value.Sequence(
                    array.asList().stream().map(Conversations::value).toList());
        }
        if (json instanceof JsonObject object) {
            Map<String, Value> fields = new LinkedHashMap<>();
            object.asMap().forEach((key, field) -> fields.put(key, value(field)));
            return new Value.Mapping(fields);
        }
        if (json.isJsonNull()) {
            return Value.None.NONE;
        }
        return json.getAsJsonPrimitive().isBoolean()
                ? Value.Bool.of(json.getAsBoolean())
                : Value.ofMessage(json.getAsString());
    }
}
