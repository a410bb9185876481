package io.qk256.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import io.qk256.llm.json.JsonException;
import io.qk256.llm.json.JsonValue;
import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatMessage.Role;
import io.qk256.llm.text.ToolCall;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Messages of LangChain4j in the form of chat templates. */
final class Messages {

    private Messages() {}

    /** @throws UnsupportedFeatureException if a message is not text */
    static List<ChatMessage> of(List<dev.langchain4j.data.message.ChatMessage> messages) {
        return messages.stream().map(Messages::of).toList();
    }

    private static ChatMessage of(dev.langchain4j.data.message.ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> new ChatMessage(Role.SYSTEM, system.text());
            case UserMessage user -> new ChatMessage(Role.USER, text(user.contents()));
            case AiMessage answer ->
                ChatMessage.calls(
                        answer.text() == null ? "" : answer.text(),
                        answer.toolExecutionRequests().stream()
                                .map(Messages::call)
                                .toList());
            case ToolExecutionResultMessage result ->
                ChatMessage.result(result.id() == null ? "" : result.id(), result.text());
            default ->
                throw new UnsupportedFeatureException("messages of type " + message.type()
                        + " are not supported, expected SYSTEM, USER, AI or" + " TOOL_EXECUTION_RESULT");
        };
    }

    private static String text(List<Content> contents) {
        StringBuilder text = new StringBuilder();
        for (Content content : contents) {
            if (!(content instanceof TextContent part)) {
                throw new UnsupportedFeatureException("content of type "
                        + content.type().name().toLowerCase(Locale.ROOT) + " is not supported, expected text");
            }
            text.append(text.isEmpty() ? "" : "\n").append(part.text());
        }
        return text.toString();
    }

    private static ToolCall call(ToolExecutionRequest request) {
        String arguments = request.arguments() == null || request.arguments().isBlank() ? "{}" : request.arguments();
        try {
            return new ToolCall(
                    request.id() == null ? "" : request.id(),
                    request.name(),
                    JsonValue.parse(arguments) instanceof JsonValue.Fields fields
                            ? fields
                            : new JsonValue.Fields(Map.of()));
        } catch (JsonException e) {
            throw new InvalidRequestException(
                    "arguments of the call of \"" + request.name() + "\": " + e.getMessage(), e);
        }
    }
}
