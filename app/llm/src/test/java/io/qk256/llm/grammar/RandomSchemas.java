package io.qk256.llm.grammar;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Random schemas, and random values that satisfy them. */
final class RandomSchemas {

    private static final List<String> NAMES = List.of(
            "a",
            "ab",
            "abc",
            "name",
            "na me",
            "n\u00e4me",
            "\u540d\u524d",
            "\ud83d\ude00",
            "\ud83d\ude01x",
            "\"q\"",
            "b\\s",
            "",
            "x\ny",
            "type");

    private final Random random;
    private JsonObject definitions = new JsonObject();

    RandomSchemas(long seed) {
        this.random = new Random(seed);
    }

    JsonObject schema() {
        definitions = new JsonObject();
        if (random.nextInt(3) == 0) {
            definitions.add("node", objectSchema(1));
        }
        JsonObject schema = schema(3);
        schema.add("$defs", definitions);
        return schema;
    }

    private JsonObject schema(int levels) {
        JsonObject schema = new JsonObject();
        int kind = random.nextInt(levels > 0 ? 14 : 9);
        switch (kind) {
            case 0 -> schema.addProperty("type", "boolean");
            case 1 -> schema.addProperty("type", "null");
            case 2, 3 -> {
                schema.addProperty("type", "string");
                int min = random.nextInt(4);
                if (random.nextBoolean()) {
                    schema.addProperty("minLength", min);
                }
                if (random.nextBoolean()) {
                    schema.addProperty("maxLength", min + random.nextInt(6));
                }
            }
            case 4, 5 -> number(schema);
            case 6 -> {
                JsonArray values = new JsonArray();
                for (int i = 0; i <= random.nextInt(5); i++) {
                    values.add(random.nextInt(3) > 0 ? new JsonPrimitive(name()) : any(1));
                }
                schema.add("enum", values);
            }
            case 7 -> schema.add("const", any(2));
            case 8 -> {
                JsonArray types = new JsonArray();
                types.add("null");
                types.add(random.nextBoolean() ? "string" : "number");
                schema.add("type", types);
            }
            case 9 -> {
                JsonArray union = new JsonArray();
                for (int i = 0; i <= random.nextInt(3); i++) {
                    union.add(schema(levels - 1));
                }
                schema.add(random.nextBoolean() ? "anyOf" : "oneOf", union);
            }
            case 10 -> array(schema, levels);
            case 11 -> {
                if (definitions.has("node")) {
                    schema.addProperty("$ref", "#/$defs/node");
                } else {
                    return objectSchema(levels);
                }
            }
            default -> {
                return objectSchema(levels);
            }
        }
        return schema;
    }

    private void number(JsonObject schema) {
        boolean isInteger = random.nextBoolean();
        schema.addProperty("type", isInteger ? "integer" : "number");
        int low = random.nextInt(300) - 150;
        if (random.nextBoolean()) {
            schema.addProperty(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low + (isInteger ? 0 : 0.25));
        }
        if (random.nextBoolean()) {
            schema.addProperty(random.nextBoolean() ? "maximum" : "exclusiveMaximum", low + 2 + random.nextInt(200));
        }
    }

    private void array(JsonObject schema, int levels) {
        schema.addProperty("type", "array");
        schema.add("items", schema(levels - 1));
        int min = random.nextInt(3);
        if (random.nextBoolean()) {
            schema.addProperty("minItems", min);
        }
        if (random.nextBoolean()) {
            schema.addProperty("maxItems", min + random.nextInt(3));
        }
        if (random.nextInt(4) == 0) {
            JsonArray leading = new JsonArray();
            leading.add(schema(0));
            leading.add(schema(0));
            schema.add("prefixItems", leading);
        }
    }

    private JsonObject objectSchema(int levels) {
        JsonObject schema = new JsonObject();
        schema.addProperty("type", "object");
        JsonObject properties = new JsonObject();
        JsonArray required = new JsonArray();
        for (int i = 0; i < random.nextInt(5); i++) {
            String name = name();
            if (random.nextInt(4) == 0) {
                JsonObject self = new JsonObject();
                self.addProperty("$ref", definitions.has("node") ? "#/$defs/node" : "#");
                properties.add(name, self);
            } else if (!properties.has(name)) {
                properties.add(name, schema(levels - 1));
                if (random.nextBoolean()) {
                    required.add(name);
                }
            }
        }
        schema.add("properties", properties);
        schema.add("required", required);
        switch (random.nextInt(4)) {
            case 0 -> {}
            case 1 -> schema.add("additionalProperties", schema(0));
            default -> schema.addProperty("additionalProperties", false);
        }
        return schema;
    }

    private String name() {
        return NAMES.get(random.nextInt(NAMES.size()));
    }

    /** A value that satisfies a schema whose root this is. */
    JsonElement value(JsonObject root) {
        return value(root, root, 4);
    }

    private JsonElement value(JsonElement schemaOrTrue, JsonObject root, int levels) {
        if (schemaOrTrue.isJsonPrimitive()) {
            return any(levels);
        }
        JsonObject schema = schemaOrTrue.getAsJsonObject();
        for (String union : List.of("anyOf", "oneOf", "enum")) {
            if (schema.has(union)) {
                JsonArray choices = schema.getAsJsonArray(union);
                JsonElement choice = choices.get(random.nextInt(choices.size()));
                return union.equals("enum") ? choice : value(choice, root, levels);
            }
        }
        if (schema.has("const")) {
            return schema.get("const");
        }
        if (schema.has("$ref")) {
            boolean isRoot = schema.get("$ref").getAsString().equals("#");
            return value(isRoot ? root : root.getAsJsonObject("$defs").get("node"), root, levels);
        }
        JsonElement type = schema.get("type");
        if (type.isJsonArray()) {
            type = type.getAsJsonArray()
                    .get(random.nextInt(type.getAsJsonArray().size()));
        }
        return switch (type.getAsString()) {
            case "boolean" -> new JsonPrimitive(random.nextBoolean());
            case "null" -> JsonNull.INSTANCE;
            case "string" -> {
                int min = schema.has("minLength") ? schema.get("minLength").getAsInt() : 0;
                int max = schema.has("maxLength") ? schema.get("maxLength").getAsInt() : min + 20;
                yield new JsonPrimitive(text(min + random.nextInt(max - min + 1)));
            }
            case "integer", "number" ->
                new JsonPrimitive(numberIn(schema, type.getAsString().equals("integer")));
            case "array" -> arrayIn(schema, root, levels);
            default -> objectIn(schema, root, levels);
        };
    }

    private BigDecimal numberIn(JsonObject schema, boolean isInteger) {
        double low = -1e6;
        double high = 1e6;
        for (String keyword : List.of("minimum", "exclusiveMinimum")) {
            low = schema.has(keyword) ? schema.get(keyword).getAsDouble() : low;
        }
        for (String keyword : List.of("maximum", "exclusiveMaximum")) {
            high = schema.has(keyword) ? schema.get(keyword).getAsDouble() : high;
        }
        if (isInteger) {
            long first = (long) low + (schema.has("exclusiveMinimum") ? 1 : 0);
            long last = (long) high - (schema.has("exclusiveMaximum") ? 1 : 0);
            return BigDecimal.valueOf(first + random.nextLong(last - first + 1));
        }
        BigDecimal between = new BigDecimal(low)
                .add(new BigDecimal(high)
                        .subtract(new BigDecimal(low))
                        .multiply(BigDecimal.valueOf(1 + random.nextInt(998), 3)));
        return between;
    }

    private JsonArray arrayIn(JsonObject schema, JsonObject root, int levels) {
        int min = schema.has("minItems") ? schema.get("minItems").getAsInt() : 0;
        int max = schema.has("maxItems") ? schema.get("maxItems").getAsInt() : min + 3;
        int size = levels <= 0 ? min : min + random.nextInt(max - min + 1);
        JsonArray leading = schema.has("prefixItems") ? schema.getAsJsonArray("prefixItems") : new JsonArray();
        JsonArray array = new JsonArray();
        for (int i = 0; i < size; i++) {
            array.add(value(i < leading.size() ? leading.get(i) : schema.get("items"), root, levels - 1));
        }
        return array;
    }

    private JsonObject objectIn(JsonObject schema, JsonObject root, int levels) {
        JsonObject properties = schema.getAsJsonObject("properties");
        JsonArray required = schema.getAsJsonArray("required");
        List<String> names = new ArrayList<>(properties.keySet());
        names.removeIf(name -> !required.contains(new JsonPrimitive(name)) && (levels <= 0 || random.nextBoolean()));
        JsonElement others =
                schema.has("additionalProperties") ? schema.get("additionalProperties") : new JsonPrimitive(true);
        boolean hasOthers = !others.equals(new JsonPrimitive(false));
        if (hasOthers && levels > 0 && random.nextBoolean()) {
            String other = "other " + text(3);
            names.add(other);
        }
        Collections.shuffle(names, random);
        JsonObject object = new JsonObject();
        for (String name : names) {
            object.add(name, value(properties.has(name) ? properties.get(name) : others, root, levels - 1));
        }
        return object;
    }

    private JsonElement any(int levels) {
        return switch (random.nextInt(levels > 0 ? 7 : 5)) {
            case 0 -> JsonNull.INSTANCE;
            case 1 -> new JsonPrimitive(random.nextBoolean());
            case 2 -> new JsonPrimitive(random.nextInt(2000) - 1000);
            case 3 -> new JsonPrimitive(new BigDecimal("-12.5e-3"));
            case 4 -> new JsonPrimitive(text(random.nextInt(6)));
            case 5 -> {
                JsonArray array = new JsonArray();
                for (int i = 0; i < random.nextInt(3); i++) {
                    array.add(any(levels - 1));
                }
                yield array;
            }
            default -> {
                JsonObject object = new JsonObject();
                for (int i = 0; i < random.nextInt(3); i++) {
                    object.add(name(), any(levels - 1));
                }
                yield object;
            }
        };
    }

    /** So many characters of Unicode. */
    private String text(int characters) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < characters; i++) {
            int c = switch (random.nextInt(6)) {
                case 0 -> random.nextInt(0x20);
                case 1 -> 0x80 + random.nextInt(0xD800 - 0x80);
                case 2 -> 0x10000 + random.nextInt(0x100000);
                case 3 -> "\"\\/'<\u2028".codePointAt(random.nextInt(6));
                default -> ' ' + random.nextInt(95);
            };
            text.appendCodePoint(c);
        }
        return text.toString();
    }
}
