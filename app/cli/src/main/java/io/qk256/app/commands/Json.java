package io.qk256.app.commands;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.spi.support.PrintableText;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * Writes JSON for programs: indented, with nulls, and null for numbers that JSON cannot represent (NaN and infinities). Text
 * is exact; characters that a terminal would obey are escaped, as JSON allows.
 */
final class Json {

    private static final int MOST_CHARACTERS = 10_000;

    private static final Gson WRITER = new GsonBuilder()
            .setPrettyPrinting()
            .serializeNulls()
            .disableHtmlEscaping()
            .create();

    private Json() {}

    static void print(JsonElement element, PrintWriter out) {
        out.println(text(element));
        out.flush();
    }

    static String text(JsonElement element) {
        StringBuilder text = new StringBuilder();
        WRITER.toJson(finite(element)).codePoints().forEach(codePoint -> {
            if (codePoint == '\n' || PrintableText.isPrintable(codePoint)) {
                text.appendCodePoint(codePoint);
            } else if (Character.getType(codePoint) == Character.SURROGATE) {
                text.append("\\ufffd"); // Half of a surrogate pair is not a character.
            } else {
                for (char unit : Character.toChars(codePoint)) {
                    text.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
                }
            }
        });
        return text.toString();
    }

    private static JsonElement finite(JsonElement element) {
        if (element instanceof JsonObject object) {
            JsonObject copy = new JsonObject();
            object.asMap().forEach((key, value) -> copy.add(key, finite(value)));
            return copy;
        }
        if (element instanceof JsonArray array) {
            JsonArray copy = new JsonArray(array.size());
            array.forEach(value -> copy.add(finite(value)));
            return copy;
        }
        return element instanceof JsonPrimitive number && number.isNumber() && !isFinite(number.getAsNumber())
                ? JsonNull.INSTANCE
                : element;
    }

    private static boolean isFinite(Number number) {
        boolean real = number instanceof Double || number instanceof Float; // A large integer is finite.
        return !real || Double.isFinite(number.doubleValue());
    }

    /** Truncates text from a plugin, which could be of any length. */
    static String bounded(String text) {
        return text.length() <= MOST_CHARACTERS
                ? text
                : text.substring(0, MOST_CHARACTERS) + "... (" + text.length() + " characters)";
    }
}
