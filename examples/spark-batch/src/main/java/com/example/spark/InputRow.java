package com.example.spark;

import io.qk256.llm.json.JsonException;
import io.qk256.llm.json.JsonValue;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * A row of the table. Bytes are decoded here and not by Spark, which would replace what is not UTF-8 and say nothing.
 *
 * @param key may be null
 * @param text the prompt or text; null if there is a problem
 * @param problem why the row cannot be computed; null if it can
 */
record InputRow(String key, String text, String problem) {

    /**
     * Reads a line of JSON.
     *
     * @param line an object; a key that is a number is taken as it is written
     */
    static InputRow ofLine(byte[] line, String keyColumn, String textColumn) {
        String json;
        try {
            json = decode("the line", line);
        } catch (IllegalArgumentException e) {
            return new InputRow(null, null, e.getMessage());
        }
        try {
            if (!(JsonValue.parse(json) instanceof JsonValue.Fields fields)) {
                return new InputRow(null, null, "the line is not a JSON object");
            }
            String key = string(fields.get(keyColumn).orElse(JsonValue.Null.NULL), keyColumn);
            try {
                return of(key, string(fields.get(textColumn).orElse(JsonValue.Null.NULL), textColumn));
            } catch (IllegalArgumentException e) {
                return new InputRow(key, null, e.getMessage());
            }
        } catch (JsonException | IllegalArgumentException e) {
            return new InputRow(null, null, e.getMessage());
        }
    }

    /** Takes the bytes of two columns, each of which may be null. */
    static InputRow ofColumns(byte[] key, byte[] text) {
        String name;
        try {
            name = key == null ? null : decode("the key", key);
        } catch (IllegalArgumentException e) {
            return new InputRow(null, null, e.getMessage());
        }
        try {
            return of(name, text == null ? null : decode("the text", text));
        } catch (IllegalArgumentException e) {
            return new InputRow(name, null, e.getMessage());
        }
    }

    private static InputRow of(String key, String text) {
        if (key == null) {
            return new InputRow(null, null, "the key is null");
        }
        if (text == null) {
            return new InputRow(key, null, "the text is null");
        }
        for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
            if (Character.getType(text.codePointAt(i)) == Character.SURROGATE) {
                return new InputRow(key, null, "the text has half of a surrogate pair at character " + i);
            }
        }
        return new InputRow(key, text, null);
    }

    private static String string(JsonValue value, String column) {
        return switch (value) {
            case JsonValue.Text text -> text.text();
            case JsonValue.Num number -> number.written();
            case JsonValue.Null none -> null;
            default -> throw new IllegalArgumentException(column + " is " + value.kind() + ", expected a string");
        };
    }

    private static String decode(String what, byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult end = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
        if (end.isError()) {
            throw new IllegalArgumentException(
                    String.format("%s is not UTF-8: 0x%02x at byte %d", what, bytes[in.position()], in.position()));
        }
        return out.flip().toString();
    }
}
