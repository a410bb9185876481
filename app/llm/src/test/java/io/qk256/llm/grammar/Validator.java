package io.qk256.llm.grammar;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;

/** Whether a value satisfies a schema: JSON Schema in small, by other means than the grammar. */
final class Validator {

    private final JsonObject root;

    Validator(JsonObject root) {
        this.root = root;
    }

    boolean accepts(JsonElement value) {
        return accepts(root, value);
    }

    private boolean accepts(JsonElement schema, JsonElement value) {
        if (schema.isJsonPrimitive()) {
            return schema.getAsBoolean();
        }
        JsonObject object = schema.getAsJsonObject();
        for (Map.Entry<String, JsonElement> keyword : object.entrySet()) {
            if (!accepts(keyword.getKey(), keyword.getValue(), object, value)) {
                return false;
            }
        }
        return true;
    }

    private boolean accepts(String keyword, JsonElement wanted, JsonObject schema, JsonElement value) {
        return switch (keyword) {
            case "type" ->
                wanted.isJsonArray()
                        ? wanted.getAsJsonArray().asList().stream()
                                .anyMatch(each -> isOfType(each.getAsString(), value))
                        : isOfType(wanted.getAsString(), value);
            case "enum" -> wanted.getAsJsonArray().asList().stream().anyMatch(each -> same(each, value));
            case "const" -> same(wanted, value);
            case "anyOf", "oneOf" -> wanted.getAsJsonArray().asList().stream().anyMatch(each -> accepts(each, value));
            case "allOf" -> wanted.getAsJsonArray().asList().stream().allMatch(each -> accepts(each, value));
            case "$ref" -> {
                JsonElement target = root;
                if (!wanted.getAsString().equals("#")) {
                    for (String step : wanted.getAsString().substring(2).split("/", -1)) {
                        target = target.getAsJsonObject().get(step);
                    }
                }
                yield accepts(target, value);
            }
            case "minLength" -> !isText(value) || characters(value) >= wanted.getAsInt();
            case "maxLength" -> !isText(value) || characters(value) <= wanted.getAsInt();
            case "minimum" -> !isNumber(value) || number(value).compareTo(wanted.getAsBigDecimal()) >= 0;
            case "maximum" -> !isNumber(value) || number(value).compareTo(wanted.getAsBigDecimal()) <= 0;
            case "exclusiveMinimum" -> !isNumber(value) || number(value).compareTo(wanted.getAsBigDecimal()) > 0;
            case "exclusiveMaximum" -> !isNumber(value) || number(value).compareTo(wanted.getAsBigDecimal()) < 0;
            case "minItems" -> !value.isJsonArray() || value.getAsJsonArray().size() >= wanted.getAsInt();
            case "maxItems" -> !value.isJsonArray() || value.getAsJsonArray().size() <= wanted.getAsInt();
            case "items", "prefixItems" -> !value.isJsonArray() || items(schema, value.getAsJsonArray());
            case "required" ->
                !value.isJsonObject()
                        || wanted.getAsJsonArray().asList().stream()
                                .allMatch(each -> value.getAsJsonObject().has(each.getAsString()));
            case "properties", "additionalProperties" ->
                !value.isJsonObject() || properties(schema, value.getAsJsonObject());
            case "$defs", "description", "format" -> true;
            default -> throw new IllegalArgumentException(keyword);
        };
    }

    private boolean items(JsonObject schema, JsonArray array) {
        JsonArray leading = schema.has("prefixItems") ? schema.getAsJsonArray("prefixItems") : new JsonArray();
        for (int i = 0; i < array.size(); i++) {
            boolean isLeading = i < leading.size();
            if (isLeading
                    ? !accepts(leading.get(i), array.get(i))
                    : schema.has("items") && !accepts(schema.get("items"), array.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean properties(JsonObject schema, JsonObject object) {
        JsonObject properties = schema.has("properties") ? schema.getAsJsonObject("properties") : new JsonObject();
        return object.entrySet().stream().allMatch(field -> {
            JsonElement of = properties.has(field.getKey())
                    ? properties.get(field.getKey())
                    : schema.get("additionalProperties");
            return of == null || accepts(of, field.getValue());
        });
    }

    private static boolean isOfType(String type, JsonElement value) {
        return switch (type) {
            case "object" -> value.isJsonObject();
            case "array" -> value.isJsonArray();
            case "string" -> isText(value);
            case "number" -> isNumber(value);
            case "integer" ->
                isNumber(value) && number(value).stripTrailingZeros().scale() <= 0;
            case "boolean" ->
                value.isJsonPrimitive() && value.getAsJsonPrimitive().isBoolean();
            default -> value.isJsonNull();
        };
    }

    private static boolean same(JsonElement a, JsonElement b) {
        if (isNumber(a) && isNumber(b)) {
            return number(a).compareTo(number(b)) == 0;
        }
        if (a.isJsonArray() && b.isJsonArray()) {
            JsonArray as = a.getAsJsonArray();
            JsonArray bs = b.getAsJsonArray();
            boolean same = as.size() == bs.size();
            for (int i = 0; same && i < as.size(); i++) {
                same = same(as.get(i), bs.get(i));
            }
            return same;
        }
        if (a.isJsonObject() && b.isJsonObject()) {
            Map<String, JsonElement> rest = new HashMap<>(b.getAsJsonObject().asMap());
            boolean same = a.getAsJsonObject().entrySet().stream().allMatch(field -> {
                JsonElement other = rest.remove(field.getKey());
                return other != null && same(field.getValue(), other);
            });
            return same && rest.isEmpty();
        }
        return a.equals(b);
    }

    private static boolean isText(JsonElement value) {
        return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    }

    private static boolean isNumber(JsonElement value) {
        return value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
    }

    private static BigDecimal number(JsonElement value) {
        return value.getAsBigDecimal();
    }

    private static int characters(JsonElement value) {
        String text = value.getAsString();
        return text.codePointCount(0, text.length());
    }
}
