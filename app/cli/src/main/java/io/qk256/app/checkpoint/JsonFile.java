package io.qk256.app.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An object in a JSON file; every message names the file and the field. */
final class JsonFile {

    /** Reading a number of a million digits exactly takes many seconds. */
    private static final int LONGEST_NUMBER = 100;

    private static final long MAX_BYTES = 1 << 28;

    private final String where;
    private final JsonObject object;

    private JsonFile(String where, JsonObject object) {
        this.where = where;
        this.object = object;
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read, or is not one JSON object
     */
    static JsonFile read(Path file) throws IOException {
        String text;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException(file + ": has " + Files.size(file) + " bytes, expected at most " + MAX_BYTES
                        + "; this is not a file of a checkpoint");
            }
            text = Files.readString(file);
        } catch (java.nio.file.FileSystemException | java.nio.charset.CharacterCodingException e) {
            throw FileProblem.reading(file, e);
        }
        return parse(file.toString(), text);
    }

    /** Reads text; {@code where} is its name in messages. */
    static JsonFile parse(String where, String text) throws IOException {
        try {
            JsonElement element = JsonParser.parseString(text);
            if (element.isJsonObject()) {
                return new JsonFile(where, element.getAsJsonObject());
            }
        } catch (JsonParseException | StackOverflowError e) {
            throw new IOException(where + ": is not JSON; the file is damaged, get it again", e);
        }
        throw new IOException(where + ": is JSON, but not an object; the file is damaged, get it again");
    }

    /** The names of the fields. */
    List<String> names() {
        return List.copyOf(object.keySet());
    }

    /** Whether the field is there and not null. */
    boolean has(String field) {
        return element(field).isPresent();
    }

    boolean isList(String field) {
        return element(field).filter(JsonElement::isJsonArray).isPresent();
    }

    private Optional<JsonElement> element(String field) {
        @Nullable JsonElement element = object.get(field);
        return element == null || element.isJsonNull() ? Optional.empty() : Optional.of(element);
    }

    private JsonElement require(String field) throws IOException {
        Optional<JsonElement> element = element(field);
        if (element.isEmpty()) {
            throw wrong(field, "is missing", "a value");
        }
        return element.get();
    }

    Optional<JsonFile> object(String field) throws IOException {
        Optional<JsonElement> element = element(field);
        if (element.isEmpty()) {
            return Optional.empty();
        }
        if (!element.get().isJsonObject()) {
            throw wrong(field, "is " + shown(element.get()), "an object");
        }
        return Optional.of(new JsonFile(where + ", " + field, element.get().getAsJsonObject()));
    }

    JsonFile requireObject(String field) throws IOException {
        Optional<JsonFile> found = object(field);
        if (found.isEmpty()) {
            throw wrong(field, "is missing", "an object");
        }
        return found.get();
    }

    /** The elements of a list; empty if there is no such field. */
    List<JsonElement> list(String field) throws IOException {
        Optional<JsonElement> element = element(field);
        if (element.isEmpty()) {
            return List.of();
        }
        if (!element.get().isJsonArray()) {
            throw wrong(field, "is " + shown(element.get()), "a list");
        }
        return element.get().getAsJsonArray().asList();
    }

    /** The objects of a list; empty if there is no such field. */
    List<JsonFile> objects(String field) throws IOException {
        List<JsonFile> objects = new ArrayList<>();
        for (JsonElement element : list(field)) {
            if (!element.isJsonObject()) {
                throw wrong(field, "holds " + shown(element), "only objects");
            }
            objects.add(new JsonFile(where + ", " + field + " " + objects.size(), element.getAsJsonObject()));
        }
        return objects;
    }

    Optional<String> text(String field) throws IOException {
        Optional<JsonElement> element = element(field);
        return element.isPresent() ? Optional.of(text(field, element.get())) : Optional.empty();
    }

    String text(String field, JsonElement element) throws IOException {
        if (element instanceof JsonPrimitive value && value.isString()) {
            return value.getAsString();
        }
        throw wrong(field, "is " + shown(element), "a string");
    }

    boolean isTrue(String field) throws IOException {
        Optional<JsonElement> element = element(field);
        if (element.isEmpty()) {
            return false;
        }
        if (element.get() instanceof JsonPrimitive value && value.isBoolean()) {
            return value.getAsBoolean();
        }
        throw wrong(field, "is " + shown(element.get()), "true or false");
    }

    long integer(String field, long min, long max) throws IOException {
        return integer(field, require(field), min, max);
    }

    /** Reads an element of the field as an integer. */
    long integer(String field, JsonElement element, long min, long max) throws IOException {
        try {
            if (element instanceof JsonPrimitive value
                    && value.isNumber()
                    && value.getAsString().length() <= LONGEST_NUMBER) {
                long number = new BigDecimal(value.getAsString()).longValueExact();
                if (number >= min && number <= max) {
                    return number;
                }
            }
        } catch (NumberFormatException | ArithmeticException e) {
            throw wrong(field, "is " + shown(element), min + " to " + max);
        }
        throw wrong(field, "is " + shown(element), min + " to " + max);
    }

    /** The numbers of a list, or the only number; empty if there is no such field. */
    List<Long> integers(String field, long min, long max) throws IOException {
        Optional<JsonElement> element = element(field);
        List<Long> numbers = new ArrayList<>();
        if (element.isPresent()) {
            List<JsonElement> all =
                    element.get().isJsonArray() ? element.get().getAsJsonArray().asList() : List.of(element.get());
            for (JsonElement one : all) {
                numbers.add(integer(field, one, min, max));
            }
        }
        return numbers;
    }

    /** A finite number. */
    double real(String field) throws IOException {
        JsonElement element = require(field);
        if (element instanceof JsonPrimitive value && value.isNumber()) {
            double number = value.getAsDouble();
            if (Double.isFinite(number)) {
                return number;
            }
        }
        throw wrong(field, "is " + shown(element), "a finite number");
    }

    IOException wrong(String field, String seen, String expected) {
        return new IOException(where + ": " + field + " " + seen + ", expected " + expected
                + "; the checkpoint is damaged, or of an unsupported kind");
    }

    private static String shown(JsonElement element) {
        if (element instanceof JsonArray) {
            return "a list";
        }
        return element.isJsonObject() ? "an object" : PrintableText.line(element.toString(), 60);
    }
}
