package io.qk256.langchain4j;

import io.qk256.llm.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON schemas that LangChain4j gives as maps. These do not say whether an object may have properties that the schema
 * does not name, so it may not: nobody could read them.
 */
final class Schemas {

    private Schemas() {}

    static JsonValue of(@Nullable Object value) {
        return switch (value) {
            case null -> JsonValue.Null.NULL;
            case Map<?, ?> map -> {
                Map<String, JsonValue> fields = new LinkedHashMap<>();
                map.forEach((name, field) -> fields.put(String.valueOf(name), of(field)));
                if ("object".equals(map.get("type"))
                        && map.get("properties") instanceof Map<?, ?> named
                        && !named.isEmpty()) {
                    fields.putIfAbsent("additionalProperties", JsonValue.Bool.FALSE);
                }
                yield new JsonValue.Fields(fields);
            }
            case List<?> list ->
                new JsonValue.Items(list.stream().map(Schemas::of).toList());
            case Object[] array -> of(List.of(array));
            case Boolean bool -> bool ? JsonValue.Bool.TRUE : JsonValue.Bool.FALSE;
            case Number number -> JsonValue.parse(number.toString());
            default -> new JsonValue.Text(value.toString());
        };
    }
}
