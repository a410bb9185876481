package io.qk256.llm.text;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Encodes a conversation for a model, so that it answers. Immutable and thread-safe.
 *
 * <p>For a model whose vocabulary has an end-of-turn token, this is the template that BitNet b1.58 2B-4T was trained
 * with (microsoft/bitnet-b1.58-2B-4T, tokenizer_config.json): the begin-of-text token, {@code Role: content<|eot_id|>}
 * for each message, and {@code Assistant: } for the answer. The template in Microsoft's GGUF file of that model is a
 * placeholder of its converter, so {@code tokenizer.chat_template} is not used.
 *
 * <p>Any other model only continues text. For such a model the conversation is plain text: an answer continues the
 * message before it, every other message starts a new paragraph, and roles are not written.
 *
 * <p>Special tokens spelled out in messages stay text: nobody can end a turn, or speak as another role, by typing
 * {@code <|eot_id|>}.
 */
public final class ChatTemplate {

    private static final String BETWEEN_PARAGRAPHS = "\n\n";

    private final Tokenizer tokenizer;

    private ChatTemplate(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Returns the template for a model's tokenizer. */
    public static ChatTemplate of(Tokenizer tokenizer) {
        return new ChatTemplate(tokenizer);
    }

    /** Whether the model has turns; if not, it continues the text of the conversation. */
    public boolean hasTurns() {
        return tokenizer.endOfTurn().isPresent();
    }

    /** Returns the tokens of a conversation, up to where the assistant's answer begins. */
    public int[] encode(List<ChatMessage> messages) {
        return hasTurns() ? turns(messages) : tokenizer.encode(text(messages), tokenizer.addsBeginOfText(), false);
    }

    private int[] turns(List<ChatMessage> messages) {
        IntStream.Builder tokens = IntStream.builder();
        if (tokenizer.addsBeginOfText()) {
            tokens.add(tokenizer.beginOfText());
        }
        for (ChatMessage message : messages) {
            add(message.role(), message.content().strip(), tokens);
            tokens.add(tokenizer.endOfTurn().orElseThrow());
        }
        add(ChatMessage.Role.ASSISTANT, "", tokens);
        return tokens.build().toArray();
    }

    private void add(ChatMessage.Role role, String content, IntStream.Builder tokens) {
        Arrays.stream(tokenizer.encode(role.label() + ": " + content, false, false))
                .forEach(tokens::add);
    }

    private static String text(List<ChatMessage> messages) {
        StringBuilder text = new StringBuilder();
        for (ChatMessage message : messages) {
            if (!text.isEmpty() && message.role() != ChatMessage.Role.ASSISTANT) {
                text.append(BETWEEN_PARAGRAPHS);
            }
            text.append(message.content());
        }
        return text.toString();
    }
}
