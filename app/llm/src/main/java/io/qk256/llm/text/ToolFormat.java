package io.qk256.llm.text;

import io.qk256.llm.json.JsonException;
import io.qk256.llm.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How models write calls of tools. It is recognized by what a chat template writes for earlier calls. */
public enum ToolFormat {
    /** {@code <tool_call>{"name": ..., "arguments": ...}</tool_call>}, as the Qwen and Hermes families do. */
    TAGS("arguments"),

    /** {@code {"name": ..., "parameters": ...}} alone, as LLaMA 3.1 does; one call in an answer. */
    PLAIN("parameters"),

    /** {@code [TOOL_CALLS] [{"name": ..., "arguments": ...}, ...]}, as the Mistral family does. */
    LIST("arguments");

    /** Begins a call of {@link #TAGS}. */
    public static final String OPEN = "<tool_call>";

    /** Ends a call of {@link #TAGS}. */
    public static final String CLOSE = "</tool_call>";

    /** How many marks inside a call are looked past. */
    private static final int MOST_MARKS = 16;

    private static final String LIST_MARK = "[TOOL_CALLS]";
    private static final String PLAIN_MARK = "<|python_tag|>";

    private final String arguments;

    ToolFormat(String arguments) {
        this.arguments = arguments;
    }

    /** The name of the field with the arguments. */
    public String argumentsName() {
        return arguments;
    }

    /** The form that a template writes. */
    static Optional<ToolFormat> of(String template) {
        if (template.contains(OPEN)) {
            return Optional.of(TAGS);
        }
        if (template.contains(LIST_MARK)) {
            return Optional.of(LIST);
        }
        return template.contains("\"parameters\"") ? Optional.of(PLAIN) : Optional.empty();
    }

    ToolCalls parse(String text) {
        List<ToolCall> calls = new ArrayList<>();
        String rest = switch (this) {
            case TAGS -> withoutTags(text, calls);
            case PLAIN -> withoutObject(text, calls);
            case LIST -> withoutList(text, calls);
        };
        return new ToolCalls(rest.strip(), calls);
    }

    private String withoutTags(String text, List<ToolCall> calls) {
        StringBuilder rest = new StringBuilder();
        int at = 0;
        for (int open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
            int start = open + OPEN.length();
            int close = text.indexOf(CLOSE, start);
            Optional<ToolCall> call = call(text, start, close, calls.size());
            int later = close;
            for (int i = 0; i < MOST_MARKS && call.isEmpty() && later >= 0; i++) { // A string may have the mark in it.
                later = text.indexOf(CLOSE, later + 1);
                call = later < 0 ? call : call(text, start, later, calls.size());
            }
            close = call.isPresent() ? later : close;
            call.ifPresent(calls::add);
            int next = close < 0 ? text.length() : close + CLOSE.length();
            rest.append(text, at, call.isPresent() ? open : next);
            at = next;
        }
        return rest.append(text, at, text.length()).toString();
    }

    private static Optional<ToolCall> call(String text, int start, int close, int index) {
        return parsed(text.substring(start, close < 0 ? text.length() : close)).flatMap(value -> call(value, index));
    }

    private String withoutObject(String text, List<ToolCall> calls) {
        String json = text.strip();
        json = json.startsWith(PLAIN_MARK) ? json.substring(PLAIN_MARK.length()) : json;
        parsed(json).flatMap(value -> call(value, 0)).ifPresent(calls::add);
        return calls.isEmpty() ? text : "";
    }

    private String withoutList(String text, List<ToolCall> calls) {
        int mark = text.indexOf(LIST_MARK);
        String before = mark < 0 ? "" : text.substring(0, mark);
        String json = mark < 0 ? text : text.substring(mark + LIST_MARK.length());
        if (!(parsed(json).orElse(JsonValue.Null.NULL) instanceof JsonValue.Items items)) {
            return text;
        }
        for (JsonValue item : items.items()) {
            Optional<ToolCall> call = call(item, calls.size());
            if (call.isEmpty()) {
                calls.clear();
                return text;
            }
            calls.add(call.get());
        }
        return calls.isEmpty() ? text : before;
    }

    private static Optional<JsonValue> parsed(String json) {
        try {
            return Optional.of(JsonValue.parseLenient(json));
        } catch (JsonException e) {
            return Optional.empty();
        }
    }

    /** Some models write the arguments as a string of JSON, or under the other name. */
    private static Optional<ToolCall> call(JsonValue value, int index) {
        if (!(value instanceof JsonValue.Fields fields)
                || !(fields.get("name").orElse(JsonValue.Null.NULL) instanceof JsonValue.Text name)) {
            return Optional.empty();
        }
        JsonValue given =
                fields.get("arguments").or(() -> fields.get("parameters")).orElse(JsonValue.Null.NULL);
        JsonValue arguments =
                given instanceof JsonValue.Text text ? parsed(text.text()).orElse(given) : given;
        String id = fields.get("id").orElse(JsonValue.Null.NULL) instanceof JsonValue.Text written
                ? written.text()
                : String.format(Locale.ROOT, "call%05d", index);
        return arguments instanceof JsonValue.Fields object
                ? Optional.of(new ToolCall(id, name.text(), object))
                : Optional.empty();
    }
}
