package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ToolCall;
import io.qk256.server.http.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the messages of a conversation. */
final class MessageFields {

    private MessageFields() {}

    static List<ChatMessage> read(Fields fields) {
        JsonArray given = fields.array("messages")
                .orElseThrow(() -> ApiException.invalid(
                        "messages", "missing_parameter", "messages is missing, expected an array of messages"));
        if (given.isEmpty()) {
            throw ApiException.invalid("messages", "invalid_value", "messages is empty, expected one message or more");
        }
        List<ChatMessage> messages = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            messages.add(message(Fields.of(given.get(i), "messages[" + i + "]")));
        }
        return messages;
    }

    private static ChatMessage message(Fields fields) {
        String role = fields.word("role", "system", "developer", "user", "assistant", "tool")
                .orElseThrow(() -> missing(fields.at("role"), "system, user, assistant or tool"));
        List<ToolCall> calls = role.equals("assistant") ? calls(fields) : List.of();
        Optional<String> given = fields.any("content").map(element -> content(element, fields.at("content")));
        if (given.isEmpty() && calls.isEmpty()) {
            throw missing(fields.at("content"), "a string");
        }
        String content = given.orElse("");
        fields.requireUsual("refusal", "a model here has none");
        fields.requireUsual("audio", "messages are text");
        fields.requireUsual("annotations", "messages are plain text", "[]");
        fields.requireUsual("function_call", "send tool_calls");
        ChatMessage message = switch (role) {
            case "user" -> new ChatMessage(ChatMessage.Role.USER, content);
            case "assistant" -> ChatMessage.calls(content, calls);
            case "tool" ->
                ChatMessage.result(
                        fields.text("tool_call_id")
                                .orElseThrow(() -> missing(fields.at("tool_call_id"), "the id of a call")),
                        content);
            default -> new ChatMessage(ChatMessage.Role.SYSTEM, content);
        };
        fields.requireNoOthers();
        return message;
    }

    private static List<ToolCall> calls(Fields fields) {
        JsonArray given = fields.array("tool_calls").orElseGet(JsonArray::new);
        List<ToolCall> calls = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Fields call = Fields.of(given.get(i), fields.at("tool_calls[" + i + "]"));
            String id = call.text("id").orElseThrow(() -> missing(call.at("id"), "a string"));
            Fields function = ToolFields.function(call);
            String name = function.text("name").orElseThrow(() -> missing(function.at("name"), "a string"));
            String at = function.at("arguments");
            String arguments = function.text("arguments").orElseThrow(() -> missing(at, "a string of JSON"));
            function.requireNoOthers();
            call.ignore("index");
            call.requireNoOthers();
            calls.add(new ToolCall(id, name, ToolFields.object(parsed(arguments, at), at)));
        }
        return calls;
    }

    private static JsonElement parsed(String json, String where) {
        try {
            return JsonParser.parseString(json);
        } catch (JsonParseException e) {
            throw ApiException.invalid(where, "invalid_value", where + " is no JSON, expected an object");
        }
    }

    private static ApiException missing(String where, String expected) {
        return ApiException.invalid(where, "missing_parameter", where + " is missing, expected " + expected);
    }

    /** A string, or parts that are all text. */
    private static String content(JsonElement element, String where) {
        if (!(element instanceof JsonArray parts)) {
            return Fields.text(element, where);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            Fields part = Fields.of(parts.get(i), where + "[" + i + "]");
            if (part.word("type", "text").isEmpty()) {
                throw missing(part.at("type"), "text");
            }
            text.append(part.text("text").orElseThrow(() -> missing(part.at("text"), "a string")));
            part.requireNoOthers();
        }
        return text.toString();
    }
}
