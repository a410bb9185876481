package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.qk256.server.http.ApiException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a JSON object of a request. Each is checked where it is read; a field that nobody has read could change the
 * answer, so it is refused in the end. A null counts as absent. Not thread-safe.
 */
final class Fields {

    private static final String BODY = "the body";
    private static final int DEEPEST = 64;
    private static final int LONGEST_SHOWN = 60;

    /** Reading a number of a million digits exactly takes many seconds. */
    private static final int LONGEST_NUMBER = 100;

    private static final Pattern MESSAGE =
            Pattern.compile("^(?:[a-zA-Z.]+Exception: )?(.*?)( at line \\d+ column \\d+)");

    private final JsonObject object;
    private final String path;
    private final Set<String> read = new HashSet<>();

    Fields(JsonObject object, String path) {
        this.object = object;
        this.path = path;
    }

    /**
     * Reads a body.
     *
     * @throws ApiException if it is not a JSON object in UTF-8, or has a name twice in one object
     */
    static Fields parse(byte[] body) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            JsonReader reader = new OnceReader(new StringReader(text));
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(DEEPEST);
            if (isEmpty(reader)) {
                String seen = body.length == 0 ? " is empty" : " is white space only";
                throw ApiException.invalid(
                        null, "invalid_json", BODY + seen + ", expected a JSON object with the fields");
            }
            JsonElement root = JsonParser.parseReader(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw ApiException.invalid(null, "invalid_json", "something follows the JSON object; remove it");
            }
            return new Fields(object(root, BODY), "");
        } catch (CharacterCodingException e) {
            throw ApiException.invalid(null, "invalid_json", "the body is not UTF-8; convert it");
        } catch (IOException | JsonParseException e) {
            throw ApiException.invalid(null, "invalid_json", "the body is not JSON: " + reason(e));
        }
    }

    private static boolean isEmpty(JsonReader reader) throws IOException {
        try {
            return reader.peek() == JsonToken.END_DOCUMENT;
        } catch (EOFException e) {
            return true;
        }
    }

    /** What Gson says, up to the place. Its usual message names an option of Gson, which helps no client. */
    private static String reason(Exception e) {
        Matcher message = MESSAGE.matcher(String.valueOf(e.getMessage()));
        if (!message.find()) {
            return "it ends too early";
        }
        String what = message.group(1).startsWith("Use JsonReader") ? "unexpected character" : message.group(1);
        return shortened(what) + message.group(2);
    }

    private static JsonObject object(JsonElement element, String where) {
        if (element instanceof JsonObject found) {
            return found;
        }
        throw wrong(where, element, "an object");
    }

    /** The name of a field in messages. */
    String at(String name) {
        return path + name;
    }

    boolean has(String name) {
        return find(name) != null;
    }

    private @Nullable JsonElement find(String name) {
        read.add(name);
        JsonElement element = object.get(name);
        return element == null || element.isJsonNull() ? null : element;
    }

    /** The element, whatever it is. */
    Optional<JsonElement> any(String name) {
        return Optional.ofNullable(find(name));
    }

    Optional<String> text(String name) {
        return any(name).map(element -> text(element, at(name)));
    }

    static String text(JsonElement element, String where) {
        if (element instanceof JsonPrimitive primitive && primitive.isString()) {
            return primitive.getAsString();
        }
        throw wrong(where, element, "a string");
    }

    boolean flag(String name) {
        JsonElement element = find(name);
        if (element == null) {
            return false;
        }
        if (element instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw wrong(at(name), element, "true or false");
    }

    OptionalDouble number(String name, double least, double most) {
        JsonElement element = find(name);
        return element == null ? OptionalDouble.empty() : OptionalDouble.of(number(element, at(name), least, most));
    }

    static double number(JsonElement element, String where, double least, double most) {
        if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
            double value = primitive.getAsDouble();
            if (value >= least && value <= most) {
                return value;
            }
        }
        throw wrong(where, element, "a number from " + plain(least) + " to " + plain(most));
    }

    OptionalInt whole(String name, int least, int most) {
        OptionalLong value = wholeLong(name, least, most);
        return value.isEmpty() ? OptionalInt.empty() : OptionalInt.of((int) value.getAsLong());
    }

    OptionalLong wholeLong(String name, long least, long most) {
        JsonElement element = find(name);
        return element == null ? OptionalLong.empty() : OptionalLong.of(whole(element, at(name), least, most));
    }

    static long whole(JsonElement element, String where, long least, long most) {
        if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
            OptionalLong value = whole(primitive.getAsString());
            if (value.isPresent() && value.getAsLong() >= least && value.getAsLong() <= most) {
                return value.getAsLong();
            }
        }
        throw wrong(where, element, "a whole number from " + least + " to " + most);
    }

    /** The number if it is a whole one of 64 bits, which a double would round; also if it is written as 1.0 or 1e3. */
    private static OptionalLong whole(String number) {
        if (number.length() > LONGEST_NUMBER) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(new BigDecimal(number).longValueExact());
        } catch (ArithmeticException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    Optional<JsonArray> array(String name) {
        return any(name).map(element -> array(element, at(name)));
    }

    static JsonArray array(JsonElement element, String where) {
        if (element instanceof JsonArray found) {
            return found;
        }
        throw wrong(where, element, "an array");
    }

    Optional<Fields> object(String name) {
        return any(name).map(element -> new Fields(object(element, at(name)), at(name) + "."));
    }

    /** The fields of an element of an array. */
    static Fields of(JsonElement element, String where) {
        return new Fields(object(element, where), where + ".");
    }

    /** The field itself as one object, read as a whole elsewhere. */
    JsonObject whole() {
        read.addAll(object.keySet());
        return object;
    }

    /** One of some words. */
    Optional<String> word(String name, String... words) {
        Optional<String> text = text(name);
        if (text.isPresent() && !List.of(words).contains(text.get())) {
            throw wrong(at(name), object.get(name), String.join(" or ", words));
        }
        return text;
    }

    /** Accepts fields that never change an answer. */
    void ignore(String... names) {
        read.addAll(List.of(names));
    }

    /**
     * Accepts a field only with the values that mean what happens anyway.
     *
     * @param values as JSON
     */
    void requireUsual(String name, String why, String... values) {
        JsonElement element = find(name);
        if (element != null && !List.of(values).contains(element.toString())) {
            throw wrong(
                    at(name),
                    element,
                    "none" + (values.length == 0 ? "" : " or " + String.join(" or ", values)) + ": " + why);
        }
    }

    /** @throws ApiException if there is a field that nobody has read */
    void requireNoOthers() {
        List<String> unknown = new ArrayList<>(object.keySet());
        unknown.removeAll(read);
        if (!unknown.isEmpty()) {
            String name = at(shortened(unknown.getFirst()));
            throw ApiException.invalid(
                    name,
                    "unknown_parameter",
                    name + " is not a field that this server knows, so it would have no effect; leave it out");
        }
    }

    static ApiException wrong(String where, JsonElement seen, String expected) {
        return ApiException.invalid(
                where.equals(BODY) ? null : where,
                "invalid_value",
                where + " is " + shown(seen) + ", expected " + expected);
    }

    static String shown(JsonElement seen) {
        if (seen instanceof JsonArray) {
            return "an array";
        }
        return seen instanceof JsonObject ? "an object" : shortened(seen.toString());
    }

    static String shortened(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
    }

    private static String plain(double number) {
        return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
    }
}
