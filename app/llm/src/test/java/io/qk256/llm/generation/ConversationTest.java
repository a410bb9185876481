package io.qk256.llm.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatMessage.Role;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.TestTokenizers;
import io.qk256.spi.support.UserError;
import org.junit.jupiter.api.Test;

/** Uses a vocabulary in which every letter is a token. */
class ConversationTest {

    private static final ChatMessage SYSTEM = new ChatMessage(Role.SYSTEM, "s");
    private static final ChatMessage OLD = new ChatMessage(Role.USER, "old");
    private static final ChatMessage ANSWER = new ChatMessage(Role.ASSISTANT, "answer");
    private static final ChatMessage NEW = new ChatMessage(Role.USER, "new");

    /** Begin of text; role, colon, space, content and end of turn of each message; role, colon, space. */
    private static final int ALL = 1 + (8 + 1 + 1) + (6 + 3 + 1) + (11 + 6 + 1) + (6 + 3 + 1) + 11;

    private static final int WITHOUT_OLD = ALL - (6 + 3 + 1) - (11 + 6 + 1);

    private final ChatTemplate template = ChatTemplate.of(TestTokenizers.ofLetters());

    @Test
    void givesAllThatWasSaidIfItFits() {
        Conversation.Prompt prompt = conversation(ALL + 5).prompt(5);
        assertThat(prompt.forgotten()).isZero();
        assertThat(prompt.tokens()).hasSize(ALL);
    }

    @Test
    void forgetsTheOldestQuestionWithItsAnswerButNotTheSystem() {
        Conversation conversation = conversation(ALL + 4);
        Conversation.Prompt prompt = conversation.prompt(5);
        assertThat(prompt.forgotten()).isEqualTo(2);
        assertThat(prompt.tokens()).hasSize(WITHOUT_OLD);
        assertThat(conversation.messages()).containsExactly(SYSTEM, NEW);
        assertThat(conversation.prompt(5).forgotten()).as("told once").isZero();
    }

    @Test
    void refusesAMessageThatDoesNotFitAlone() {
        Conversation conversation = conversation(WITHOUT_OLD + 4);
        assertThatThrownBy(() -> conversation.prompt(5))
                .isInstanceOf(UserError.class)
                .hasMessage(
                        "the message needs 32 tokens, expected at most 31 (the context of 36 minus 5 for the answer);"
                                + " shorten the message or the answer");
        assertThat(conversation.messages()).as("nothing is forgotten").hasSize(4);
    }

    @Test
    void takesAMessageBack() {
        Conversation conversation = conversation(1000);
        conversation.removeLast();
        assertThat(conversation.messages()).containsExactly(SYSTEM, OLD, ANSWER);
    }

    private Conversation conversation(int contextLength) {
        Conversation conversation = new Conversation(template, contextLength);
        conversation.add(SYSTEM);
        conversation.add(OLD);
        conversation.add(ANSWER);
        conversation.add(NEW);
        return conversation;
    }
}
