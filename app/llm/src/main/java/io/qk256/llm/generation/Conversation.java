package io.qk256.llm.generation;

import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.spi.support.UserError;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The messages of a conversation, as far as they fit in the model's context. When it grows too long, the oldest
 * messages are forgotten, but never system messages or the last message. Not thread-safe.
 */
public final class Conversation {

    private final ChatTemplate template;
    private final int contextLength;
    private final List<ChatMessage> messages = new ArrayList<>();

    /** @param contextLength the most tokens that the model can take, prompt and answer together */
    public Conversation(ChatTemplate template, int contextLength) {
        this.template = template;
        this.contextLength = contextLength;
    }

    /**
     * The tokens to answer, and how many messages were forgotten to make room, which the user should be told.
     *
     * @param tokens the prompt
     * @param forgotten number of messages dropped since the previous prompt
     */
    @SuppressWarnings("ArrayRecordComponent") // Made, read once, never compared.
    public record Prompt(int[] tokens, int forgotten) {}

    /** Adds a message. */
    public void add(ChatMessage message) {
        messages.add(message);
    }

    /** Removes the last message, if any, because it was not answered. */
    public void removeLast() {
        if (!messages.isEmpty()) {
            messages.removeLast();
        }
    }

    /** The remembered messages, oldest first. */
    public List<ChatMessage> messages() {
        return Collections.unmodifiableList(messages);
    }

    /**
     * Returns the prompt for the next answer; forgets what does not fit.
     *
     * @param answerTokens tokens to reserve for the answer
     * @throws UserError if not even the last message fits; nothing is forgotten then
     */
    public Prompt prompt(int answerTokens) {
        int budget = contextLength - answerTokens;
        List<ChatMessage> fitting = new ArrayList<>(messages);
        int[] tokens = template.encode(fitting);
        while (tokens.length > budget) {
            if (!forgetOldest(fitting)) {
                throw new UserError("the message needs " + tokens.length + " tokens, expected at most "
                        + budget + " (the context of " + contextLength + " minus " + answerTokens
                        + " for the answer); shorten the message or the answer");
            }
            tokens = template.encode(fitting);
        }
        int forgotten = messages.size() - fitting.size();
        messages.clear();
        messages.addAll(fitting);
        return new Prompt(tokens, forgotten);
    }

    /** Forgets a question together with its answers, so that a conversation does not begin with an answer. */
    private static boolean forgetOldest(List<ChatMessage> messages) {
        int oldest = 0;
        while (oldest < messages.size() && isSystem(messages.get(oldest))) {
            oldest++;
        }
        if (oldest >= messages.size() - 1) {
            return false;
        }
        messages.remove(oldest);
        while (oldest < messages.size() - 1 && messages.get(oldest).role() == ChatMessage.Role.ASSISTANT) {
            messages.remove(oldest);
        }
        return true;
    }

    private static boolean isSystem(ChatMessage message) {
        return message.role() == ChatMessage.Role.SYSTEM;
    }
}
