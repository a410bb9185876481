package io.qk256.llm.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A JSON value (RFC 8259). Immutable and thread-safe. */
public sealed interface JsonValue {

    /**
     * Reads a text that is one value, with white space around it at most.
     *
     * @throws JsonException if it is not JSON, is longer than 16 Mi characters, is nested more than 200 levels deep, or
     *     has a name twice in one object
     */
    static JsonValue parse(String text) {
        return new JsonReader(text, false).whole();
    }

    /** Reads what a model has written: of a name that is twice in one object, the last counts, as it does elsewhere. */
    static JsonValue parseLenient(String text) {
        return new JsonReader(text, true).whole();
    }

    /** The value as JSON on one line, without spaces. */
    default String toJson() {
        StringBuilder out = new StringBuilder();
        JsonText.write(this, out);
        return out.toString();
    }

    /** What it is, for messages: {@code an object}, {@code a number} and so on. */
    String kind();

    /** An object; its names are in the order of the text. */
    record Fields(Map<String, JsonValue> fields) implements JsonValue {

        /** Keeps a copy. */
        public Fields {
            fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
        }

        /** The value of a name. */
        public Optional<JsonValue> get(String name) {
            return Optional.ofNullable(fields.get(name));
        }

        @Override
        public String kind() {
            return "an object";
        }
    }

    /** An array. */
    record Items(List<JsonValue> items) implements JsonValue {

        /** Keeps a copy. */
        public Items {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "an array";
        }
    }

    /** A string; it may have surrogates without a partner, which JSON can write. */
    record Text(String text) implements JsonValue {

        @Override
        public String kind() {
            return "a string";
        }
    }

    /** A number, as it is written. */
    record Num(String written) implements JsonValue {

        @Override
        public String kind() {
            return "a number";
        }
    }

    /** True or false. */
    enum Bool implements JsonValue {
        TRUE,
        FALSE;

        @Override
        public String kind() {
            return "a boolean";
        }
    }

    /** Null. */
    enum Null implements JsonValue {
        NULL;

        @Override
        public String kind() {
            return "null";
        }
    }
}
