package io.qk256.llm.text;

import io.qk256.llm.json.JsonValue;
import io.qk256.llm.text.jinja.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Messages and tools in the form in which templates expect them. All text counts as typed. */
final class TemplateValues {

    private TemplateValues() {}

    /** The messages of a conversation, in which the result of a call has the name of the call's tool. */
    static List<Value> of(List<ChatMessage> messages) {
        Map<String, String> names = new HashMap<>();
        for (ChatMessage message : messages) {
            message.toolCalls().forEach(call -> names.put(call.id(), call.name()));
        }
        List<Value> values = new ArrayList<>();
        for (ChatMessage message : messages) {
            values.add(of(message, names));
        }
        return values;
    }

    /** @param names of the tools, by the ids of their calls */
    private static Value of(ChatMessage message, Map<String, String> names) {
        Map<String, Value> fields = new LinkedHashMap<>();
        fields.put("role", Value.ofTemplate(message.role().id()));
        fields.put("content", Value.ofMessage(message.content()));
        if (!message.toolCalls().isEmpty()) {
            fields.put(
                    "tool_calls",
                    new Value.Sequence(
                            message.toolCalls().stream().map(TemplateValues::of).toList()));
        }
        message.callId().ifPresent(id -> {
            fields.put("tool_call_id", Value.ofMessage(id));
            Optional.ofNullable(names.get(id)).ifPresent(name -> fields.put("name", Value.ofMessage(name)));
        });
        return new Value.Mapping(fields);
    }

    private static Value of(ToolCall call) {
        Map<String, Value> function = new LinkedHashMap<>();
        function.put("name", Value.ofMessage(call.name()));
        function.put("arguments", of(call.arguments()));
        Map<String, Value> fields = new LinkedHashMap<>();
        fields.put("id", Value.ofMessage(call.id()));
        fields.put("type", Value.ofTemplate("function"));
        fields.put("function", new Value.Mapping(function));
        return new Value.Mapping(fields);
    }

    static Value of(Tool tool) {
        Map<String, Value> function = new LinkedHashMap<>();
        function.put("name", Value.ofMessage(tool.name()));
        function.put("description", Value.ofMessage(tool.description()));
        function.put("parameters", of(tool.parameters()));
        Map<String, Value> fields = new LinkedHashMap<>();
        fields.put("type", Value.ofTemplate("function"));
        fields.put("function", new Value.Mapping(function));
        return new Value.Mapping(fields);
    }

    private static Value of(JsonValue json) {
        return switch (json) {
            case JsonValue.Fields object -> {
                Map<String, Value> fields = new LinkedHashMap<>();
                object.fields().forEach((name, value) -> fields.put(name, of(value)));
                yield new Value.Mapping(fields);
            }
            case JsonValue.Items array ->
                new Value.Sequence(
                        array.items().stream().map(TemplateValues::of).toList());
            case JsonValue.Text text -> Value.ofMessage(text.text());
            case JsonValue.Num number ->
                number.written().matches("-?[0-9]{1,18}")
                        ? new Value.Int(Long.parseLong(number.written()))
                        : new Value.Real(number.written());
            case JsonValue.Bool bool -> Value.Bool.of(bool == JsonValue.Bool.TRUE);
            case JsonValue.Null none -> Value.None.NONE;
        };
    }
}
