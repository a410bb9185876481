package io.qk256.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.text.ChatMessage;
import io.qk256.server.http.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A request to answer a conversation.
 *
 * @param messages the conversation
 * @param answer how to answer
 * @param logprobs as in {@link CompletionRequest#logprobs}
 */
record ChatRequest(List<ChatMessage> messages, AnswerFields answer, int logprobs) {

    private static final String NOT_HERE = "this server has nothing like it";

    static ChatRequest read(Fields fields, Backend backend) {
        AnswerFields answer = AnswerFields.read(fields, backend);
        List<ChatMessage> messages = messages(fields);
        int logprobs = logprobs(fields);
        fields.requireUsual("modalities", "answers are text", "[\"text\"]");
        fields.requireUsual("audio", "answers are text");
        fields.requireUsual("web_search_options", NOT_HERE);
        fields.requireUsual("reasoning_effort", "the server's option --think decides for all requests");
        fields.requireUsual("verbosity", NOT_HERE, "\"medium\"");
        fields.ignore("prediction"); // It could only make the answer faster.
        fields.requireNoOthers();
        return new ChatRequest(messages, answer, logprobs);
    }

    private static int logprobs(Fields fields) {
        boolean wanted = fields.flag("logprobs");
        OptionalInt top = fields.whole("top_logprobs", 0, CompletionRequest.MAX_LOGPROBS);
        if (top.isPresent() && !wanted) {
            throw ApiException.invalid(
                    "top_logprobs",
                    "invalid_value",
                    "top_logprobs is " + top.getAsInt() + " without logprobs; set logprobs to true");
        }
        return wanted ? top.orElse(0) : CompletionRequest.NO_LOGPROBS;
    }

    private static List<ChatMessage> messages(Fields fields) {
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
        String role = fields.word("role", "system", "developer", "user", "assistant")
                .orElseThrow(() -> missing(fields.at("role"), "system, user or assistant"));
        String content = fields.any("content")
                .map(element -> content(element, fields.at("content")))
                .orElseThrow(() -> missing(fields.at("content"), "a string"));
        fields.requireUsual("refusal", "a model here has none");
        fields.requireUsual("audio", "messages are text");
        fields.requireUsual("annotations", "messages are plain text", "[]");
        fields.requireUsual("tool_calls", "tools are not supported", "[]");
        fields.requireUsual("function_call", "tools are not supported");
        fields.requireNoOthers();
        return new ChatMessage(
                switch (role) {
                    case "user" -> ChatMessage.Role.USER;
                    case "assistant" -> ChatMessage.Role.ASSISTANT;
                    default -> ChatMessage.Role.SYSTEM;
                },
                content);
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
