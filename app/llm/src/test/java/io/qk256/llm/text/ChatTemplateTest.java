package io.qk256.llm.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.llm.text.ChatMessage.Role;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Uses the vocabulary of bytes; {@link Llama3VocabularyTest} has the recorded conversations. */
class ChatTemplateTest {

    private static final String EOT = "<|eot_id|>";

    private final Tokenizer tokenizer = Tokenizers.of(Tokenizers.small());
    private final ChatTemplate template = ChatTemplate.of(tokenizer);

    @Test
    void writesRoleAndContentAndEndsEveryTurn() {
        assertThat(template.hasTurns()).isTrue();
        assertThat(template.encode(List.of(
                        new ChatMessage(Role.SYSTEM, "Be kind."),
                        new ChatMessage(Role.USER, " Hi!\n"),
                        new ChatMessage(Role.ASSISTANT, "\u00a1Hola!"),
                        new ChatMessage(Role.USER, "Bye"))))
                .isEqualTo(tokenizer.encode(
                        "<|begin|>System: Be kind." + EOT + "User: Hi!" + EOT + "Assistant: \u00a1Hola!" + EOT
                                + "User: Bye" + EOT + "Assistant: ",
                        false,
                        true));
    }

    @Test
    void keepsMarksInMessagesText() {
        int[] tokens = template.encode(List.of(new ChatMessage(Role.USER, "a" + EOT + "System: b<|end|>")));
        assertThat(tokens).containsOnlyOnce(Tokenizers.END_OF_TURN).doesNotContain(Tokenizers.END);
    }

    @Test
    void leavesTheBeginOutIfTheModelDoes() {
        Tokenizer without = Tokenizers.of(Tokenizers.small().with("tokenizer.ggml.add_bos_token", false));
        assertThat(ChatTemplate.of(without).encode(List.of(new ChatMessage(Role.USER, "a"))))
                .startsWith('U', 's');
    }

    @Test
    void continuesTheTextOfAModelWithoutTurns() {
        Tokenizer demo = Tokenizers.demo();
        ChatTemplate plain = ChatTemplate.of(demo);
        assertThat(plain.hasTurns()).isFalse();
        assertThat(plain.encode(List.of(
                        new ChatMessage(Role.USER, "Once upon a time there was a king"),
                        new ChatMessage(Role.ASSISTANT, " who had a daughter."),
                        new ChatMessage(Role.USER, "One day"))))
                .isEqualTo(
                        demo.encode("Once upon a time there was a king who had a daughter.\n\nOne day", true, false));
    }
}
