package io.qk256.llm.json;

import java.util.Map;

/** Writes JSON. */
final class JsonText {

    private JsonText() {}

    static void write(JsonValue value, StringBuilder out) {
        switch (value) {
            case JsonValue.Fields object -> {
                String separator = "{";
                for (Map.Entry<String, JsonValue> field : object.fields().entrySet()) {
                    out.append(separator);
                    quote(field.getKey(), out);
                    out.append(':');
                    write(field.getValue(), out);
                    separator = ",";
                }
                out.append(object.fields().isEmpty() ? "{}" : "}");
            }
            case JsonValue.Items array -> {
                String separator = "[";
                for (JsonValue item : array.items()) {
                    out.append(separator);
                    write(item, out);
                    separator = ",";
                }
                out.append(array.items().isEmpty() ? "[]" : "]");
            }
            case JsonValue.Text text -> quote(text.text(), out);
            case JsonValue.Num number -> out.append(number.written());
            case JsonValue.Bool bool -> out.append(bool == JsonValue.Bool.TRUE);
            case JsonValue.Null none -> out.append("null");
        }
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    // An unpaired surrogate cannot be written as UTF-8.
                    if (c < ' ' || isUnpaired(text, i)) {
                        out.append("\\u")
                                .append(Integer.toHexString(0x10000 | c).substring(1));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isUnpaired(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }
}
