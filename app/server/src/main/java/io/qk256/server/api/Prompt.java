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
        List<ChatMessage> rest = new ArrayList<>(messages);
        int room = Context.room(context, maxTokens);
        while (tokens.length > room && dropOldest(rest)) {
            tokens = encode(rest, tools, backend.template());
        }
        Context.require("messages", tokens.length, context); // The last message alone may be too long.
        return new Prompt(tokens, messages.size() - rest.size());
    }

    /** Drops the oldest question and what follows it up to the next one; what the system says stays, and the last question. */
    private static boolean dropOldest(List<ChatMessage> messages) {
        int first = 0;
        while (first < messages.size() && messages.get(first).role() == ChatMessage.Role.SYSTEM) {
            first++;
        }
        int next = first + 1;
        while (next < messages.size() && messages.get(next).role() != ChatMessage.Role.USER) {
            next++;
        }
        if (next >= messages.size()) {
            return false;
        }
        messages.subList(first, next).clear();
        return true;
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
