package io.qk256.llm.text;

import java.util.List;
import java.util.Optional;

/**
 * A message of a conversation.
 *
 * @param role who wrote it
 * @param content the text; may be empty beside calls
 * @param toolCalls what an assistant has called; empty for others
 * @param callId the call that a tool answers, if it is known
 */
public record ChatMessage(Role role, String content, List<ToolCall> toolCalls, Optional<String> callId) {

    /** Keeps a copy. */
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** A message of text. */
    public ChatMessage(Role role, String content) {
        this(role, content, List.of(), Optional.empty());
    }

    /** An answer that calls tools. */
    public static ChatMessage calls(String content, List<ToolCall> calls) {
        return new ChatMessage(Role.ASSISTANT, content, calls, Optional.empty());
    }

    /** What a tool has returned for a call. */
    public static ChatMessage result(String callId, String content) {
        return new ChatMessage(Role.TOOL, content, List.of(), Optional.of(callId));
    }

    /** The author of a message. */
    public enum Role {
        SYSTEM("system"),
        USER("user"),
        ASSISTANT("assistant"),
        TOOL("tool");

        private final String id;

        Role(String id) {
            this.id = id;
        }

        /** The name that templates know: {@code system}, {@code user}, {@code assistant} or {@code tool}. */
        public String id() {
            return id;
        }
    }
}
