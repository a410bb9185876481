package io.qk256.server.api;

import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tool;
import io.qk256.server.http.ApiException;
import io.qk256.spi.support.UserError;
import java.util.ArrayList;
import java.util.List;

/**
 * A conversation as tokens, shortened if it has to be and the request allows it.
 *
 * @param tokens what the model reads
 * @param dropped the number of messages left out, the oldest first
 */
@SuppressWarnings("ArrayRecordComponent") // Made here, read by one request, never compared.
record Prompt(int[] tokens, int dropped) {

    /**
     * Writes a conversation.
     *
     * @throws ApiException if the template refuses it, or it does not fit
     */
    static Prompt of(List<ChatMessage> messages, List<Tool> tools, boolean truncates, int maxTokens, Backend backend) {
        int context = backend.scheduler().context();
        int[] tokens = encode(messages, tools, backend.template());
        if (tokens.length <= context || !truncates) {
            Context.require("messages", tokens.length, context);
            return new Prompt(tokens, 0);
        }
        List<Integer> questions = questions(messages);
        int room = Context.room(context, maxTokens);
        int least = 1;
        int most = questions.size() - 1;
        List<ChatMessage> rest = messages;
        // A conversation of many short messages would take too long one by one.
        while (least <= most) {
            int middle = (least + most) / 2;
            List<ChatMessage> shorter = from(messages, questions.get(middle));
            int[] its = encode(shorter, tools, backend.template());
            boolean fits = its.length <= room;
            if (fits || rest.size() > shorter.size()) {
                rest = shorter;
                tokens = its;
            }
            if (fits) {
                most = middle - 1;
            } else {
                least = middle + 1;
            }
        }
        int dropped = messages.size() - rest.size();
        Context.requireShortened(
                "messages", tokens.length, dropped, context); // The last message alone may be too long.
        return new Prompt(tokens, dropped);
    }

    /** Where the conversation begins after what the system says first, and each later question. */
    private static List<Integer> questions(List<ChatMessage> messages) {
        List<Integer> questions = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            ChatMessage.Role role = messages.get(i).role();
            if (role != ChatMessage.Role.SYSTEM && (questions.isEmpty() || role == ChatMessage.Role.USER)) {
                questions.add(i);
            }
        }
        return questions;
    }

    /** The conversation from a question on, and all that the system has said before. */
    private static List<ChatMessage> from(List<ChatMessage> messages, int question) {
        List<ChatMessage> rest = new ArrayList<>();
        for (ChatMessage message : messages.subList(0, question)) {
            if (message.role() == ChatMessage.Role.SYSTEM) {
                rest.add(message);
            }
        }
        rest.addAll(messages.subList(question, messages.size()));
        return rest;
    }

    private static int[] encode(List<ChatMessage> messages, List<Tool> tools, ChatTemplate template) {
        int[] tokens;
        try {
            tokens = template.encode(messages, tools);
        } catch (UserError e) {
            throw ApiException.invalid("messages", "invalid_value", e.getMessage());
        }
        if (tokens.length == 0) {
            throw ApiException.invalid("messages", "invalid_value", "messages have no text, expected some");
        }
        return tokens;
    }
}
