package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Splits a template into tokens, with the options that Hugging Face sets: the newline behind a block is dropped
 * (trim_blocks), and so is white space between the start of a line and a block (lstrip_blocks). Not thread-safe.
 */
final class Lexer {

    private static final List<String> OPERATORS = List.of(
            "==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{",
            "}", ",", ".", ":", "|");

    /** A name is read whenever it is looked for, so a long one makes every step long. */
    private static final int MAX_NAME = 1_000;

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    private int lineCountedTo;

    /** Whether the text at the position begins a line. */
    private boolean atLineStart = true;

    Lexer(String source) {
        String unix = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    }

    List<Token> tokens() {
        while (position < source.length()) {
            int open = nextTag();
            text(open);
            if (open < source.length()) {
                tag(open);
            }
        }
        add(Kind.END, "");
        return tokens;
    }

    private int nextTag() {
        for (int i = position; i + 1 < source.length(); i++) {
            if (source.charAt(i) == '{' && "%{#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    /** The text up to a tag, less the white space that the tag takes away. */
    private void text(int open) {
        String text = source.substring(position, open);
        if (open < source.length()) {
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            if (sign == '-') {
                text = PythonText.stripTrailing(text);
            } else if (sign != '+' && source.charAt(open + 1) != '{') {
                int start = text.lastIndexOf('\n') + 1;
                boolean isLineStart = start > 0 || atLineStart;
                if (isLineStart && PythonText.skipWhitespace(text, start) == text.length()) {
                    text = text.substring(0, start);
                }
            }
        }
        if (!text.isEmpty()) {
            add(Kind.TEXT, text);
        }
        position = open;
    }

    private void tag(int open) {
        char kind = source.charAt(open + 1);
        position = open + 2;
        if (kind == '#') {
            comment();
            return;
        }
        if (position < source.length() && "-+".indexOf(source.charAt(position)) >= 0) {
            position++;
        }
        boolean isBlock = kind == '%';
        add(isBlock ? Kind.BLOCK_BEGIN : Kind.OUTPUT_BEGIN, isBlock ? "{%" : "{{");
        inside(isBlock ? "%}" : "}}", isBlock);
    }

    private void comment() {
        int close = source.indexOf("#}", position);
        if (close < 0) {
            throw error("a comment is not closed");
        }
        boolean cuts = close > position && source.charAt(close - 1) == '-';
        boolean keeps = close > position && source.charAt(close - 1) == '+';
        position = close + 2;
        afterTag(cuts, !keeps);
    }

    private void afterTag(boolean cutsWhitespace, boolean dropsNewline) {
        if (cutsWhitespace) {
            position = PythonText.skipWhitespace(source, position);
        } else if (dropsNewline && position < source.length() && source.charAt(position) == '\n') {
            position++;
        }
        atLineStart = source.charAt(position - 1) == '\n';
    }

    private void inside(String close, boolean isBlock) {
        Deque<String> brackets = new ArrayDeque<>();
        while (true) {
            position = PythonText.skipWhitespace(source, position);
            if (position >= source.length()) {
                throw error("\"" + (isBlock ? "{%" : "{{") + "\" is not closed");
            }
            char c = source.charAt(position);
            boolean hasSign = (c == '-' || (c == '+' && isBlock)) && source.startsWith(close, position + 1);
            if (brackets.isEmpty() && (hasSign || source.startsWith(close, position))) {
                add(isBlock ? Kind.BLOCK_END : Kind.OUTPUT_END, close);
                position += close.length() + (hasSign ? 1 : 0);
                afterTag(hasSign && c == '-', isBlock && !hasSign);
                return;
            }
            if (c == '\'' || c == '"') {
                string(c);
            } else if (isDigit(c)) {
                integer();
            } else if (isNameStart(c)) {
                int start = position;
                while (position < source.length()
                        && (isNameStart(source.charAt(position)) || isDigit(source.charAt(position)))) {
                    position++;
                }
                if (position - start > MAX_NAME) {
                    throw error("a name has " + (position - start) + " characters, expected at most " + MAX_NAME);
                }
                add(Kind.NAME, source.substring(start, position));
            } else {
                operator(brackets);
            }
        }
    }

    private void operator(Deque<String> brackets) {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, position)) {
                switch (operator) {
                    case "(" -> brackets.push(")");
                    case "[" -> brackets.push("]");
                    case "{" -> brackets.push("}");
                    case ")", "]", "}" -> {
                        if (!operator.equals(brackets.poll())) {
                            throw error("\"" + operator + "\" closes no bracket");
                        }
                    }
                    default -> {}
                }
                add(Kind.OPERATOR, operator);
                position += operator.length();
                return;
            }
        }
        throw error("the character \"" + Character.toString(source.codePointAt(position)) + "\" is not expected here");
    }

    private void integer() {
        int start = position;
        while (position < source.length()
                && (isNameStart(source.charAt(position)) || isDigit(source.charAt(position)))) {
            position++;
        }
        String digits = source.substring(start, position).replace("_", "");
        boolean isFraction = position + 1 < source.length()
                && source.charAt(position) == '.'
                && isDigit(source.charAt(position + 1));
        if (isFraction || digits.length() > 18 || !digits.chars().allMatch(c -> isDigit((char) c))) {
            throw error("numbers like \"" + shortened(source.substring(start, Math.min(position + 2, source.length())))
                    + "\" are not supported, only integers of up to 18 digits");
        }
        add(Kind.INTEGER, digits);
    }

    private void string(char quote) {
        StringBuilder text = new StringBuilder();
        int i = position + 1;
        while (i < source.length() && source.charAt(i) != quote) {
            if (source.charAt(i) == '\\' && i + 1 < source.length()) {
                i = escape(i + 1, text);
            } else {
                text.append(source.charAt(i++));
            }
        }
        if (i >= source.length()) {
            throw error("a string is not closed");
        }
        add(Kind.STRING, text.toString());
        position = i + 1;
    }

    /** Python's escapes; a backslash before anything else stays. */
    private int escape(int i, StringBuilder text) {
        char c = source.charAt(i);
        switch (c) {
            case 'n' -> text.append('\n');
            case 't' -> text.append('\t');
            case 'r' -> text.append('\r');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'v' -> text.append('\u000b');
            case 'a' -> text.append('\u0007');
            case '\\', '\'', '"' -> text.append(c);
            case '\n' -> {}
            case 'x' -> {
                return hex(i + 1, 2, text);
            }
            case 'u' -> {
                return hex(i + 1, 4, text);
            }
            case 'U' -> {
                return hex(i + 1, 8, text);
            }
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                return octal(i, text);
            }
            default -> text.append('\\').append(c);
        }
        return i + 1;
    }

    private int hex(int start, int digits, StringBuilder text) {
        int codePoint = 0;
        for (int i = start; i < start + digits; i++) {
            int digit = i < source.length() && source.charAt(i) < 128 ? Character.digit(source.charAt(i), 16) : -1;
            if (digit < 0 || codePoint > Character.MAX_CODE_POINT) {
                throw error("an escape in a string needs " + digits + " hexadecimal digits");
            }
            codePoint = 16 * codePoint + digit;
        }
        if (!Character.isValidCodePoint(codePoint)) {
            throw error("an escape in a string is above U+10FFFF");
        }
        text.appendCodePoint(codePoint);
        return start + digits;
    }

    private int octal(int start, StringBuilder text) {
        int value = 0;
        int i = start;
        while (i < source.length() && i < start + 3 && source.charAt(i) >= '0' && source.charAt(i) <= '7') {
            value = 8 * value + source.charAt(i++) - '0';
        }
        text.append((char) value);
        return i;
    }

    private void add(Kind kind, String text) {
        tokens.add(new Token(kind, text, lineAtPosition()));
    }

    private int lineAtPosition() {
        for (; lineCountedTo < Math.min(position, source.length()); lineCountedTo++) {
            if (source.charAt(lineCountedTo) == '\n') {
                line++;
            }
        }
        return line;
    }

    private JinjaException error(String message) {
        return JinjaException.at(lineAtPosition(), message);
    }

    private static String shortened(String text) {
        return text.length() <= 24 ? text : text.substring(0, 24) + "...";
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isNameStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }
}
