package io.qk256.llm.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON, in one pass. */
final class JsonReader {

    private static final int MAX_LENGTH = 1 << 24;
    private static final int MAX_DEPTH = 200;

    private final String text;
    private final boolean takesLast;
    private int at;
    private int depth;

    /** @param takesLast whether a name may be twice in an object; the last one counts */
    JsonReader(String text, boolean takesLast) {
        if (text.length() > MAX_LENGTH) {
            throw new JsonException("JSON of " + text.length() + " characters, expected at most " + MAX_LENGTH);
        }
        this.text = text;
        this.takesLast = takesLast;
    }

    JsonValue whole() {
        JsonValue value = value();
        skipSpace();
        if (at < text.length()) {
            throw unexpected("the end");
        }
        return value;
    }

    private JsonValue value() {
        skipSpace();
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> new JsonValue.Text(string());
            case 't' -> word("true", JsonValue.Bool.TRUE);
            case 'f' -> word("false", JsonValue.Bool.FALSE);
            case 'n' -> word("null", JsonValue.Null.NULL);
            default -> number();
        };
    }

    private JsonValue object() {
        enter();
        Map<String, JsonValue> fields = new LinkedHashMap<>();
        while (next(fields.isEmpty(), '}')) {
            skipSpace();
            if (peek() != '"') {
                throw unexpected("a name in quotes");
            }
            String name = string();
            skipSpace();
            require(':');
            if (fields.put(name, value()) != null && !takesLast) {
                throw new JsonException("JSON has the name \"" + name + "\" twice in one object, expected once");
            }
        }
        depth--;
        return new JsonValue.Fields(fields);
    }

    private JsonValue array() {
        enter();
        List<JsonValue> items = new ArrayList<>();
        while (next(items.isEmpty(), ']')) {
            items.add(value());
        }
        depth--;
        return new JsonValue.Items(items);
    }

    private void enter() {
        at++;
        depth++;
        if (depth > MAX_DEPTH) {
            throw new JsonException("JSON is nested deeper than " + MAX_DEPTH + " levels at character " + at);
        }
    }

    /** Whether another element follows; takes the comma or the end. */
    private boolean next(boolean first, char close) {
        skipSpace();
        if (peek() == close) {
            at++;
            return false;
        }
        if (!first) {
            require(',');
        }
        return true;
    }

    private JsonValue word(String word, JsonValue value) {
        if (!text.startsWith(word, at)) {
            throw unexpected("a value");
        }
        at += word.length();
        return value;
    }

    private JsonValue number() {
        int start = at;
        if (peek() == '-') {
            at++;
        }
        if (peek() == '0') {
            at++;
        } else {
            digits();
        }
        if (peek() == '.') {
            at++;
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            digits();
        }
        return new JsonValue.Num(text.substring(start, at));
    }

    private void digits() {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start) {
            throw unexpected(start > 0 && isInNumber(text.charAt(start - 1)) ? "a digit" : "a value");
        }
    }

    private static boolean isInNumber(char c) {
        return c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
    }

    private String string() {
        at++;
        StringBuilder out = new StringBuilder();
        while (true) {
            int c = peek();
            if (c < ' ') {
                throw unexpected("a character of a string");
            }
            at++;
            if (c == '"') {
                return out.toString();
            }
            out.append(c == '\\' ? escaped() : (char) c);
        }
    }

    private char escaped() {
        int c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> (char) c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int value = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = peek() < 128 ? Character.digit(peek(), 16) : -1;
                    if (digit < 0) {
                        throw unexpected("a hexadecimal digit");
                    }
                    value = 16 * value + digit;
                    at++;
                }
                yield (char) value;
            }
            default -> {
                at--;
                throw unexpected("an escape of JSON");
            }
        };
    }

    private void skipSpace() {
        while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') {
            at++;
        }
    }

    private void require(char c) {
        if (peek() != c) {
            throw unexpected("'" + c + "'");
        }
        at++;
    }

    /** The next character; -1 at the end. */
    private int peek() {
        return at < text.length() ? text.charAt(at) : -1;
    }

    private JsonException unexpected(String expected) {
        String seen = at < text.length()
                ? "U+" + Integer.toHexString(0x10000 | text.charAt(at)).substring(1)
                        + (text.charAt(at) > ' ' && text.charAt(at) < 127 ? " '" + text.charAt(at) + "'" : "")
                : "the end";
        return new JsonException("JSON has " + seen + " at character " + at + ", expected " + expected);
    }
}
