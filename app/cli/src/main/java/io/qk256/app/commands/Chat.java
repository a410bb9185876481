package io.qk256.app.commands;

import io.qk256.llm.generation.Conversation;
import io.qk256.llm.generation.GenerationSpeed;
import io.qk256.llm.generation.Generator;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;

/** A conversation, line by line, with a person at a terminal or from a pipe. */
final class Chat {

    private final ChatTemplate template;
    private final Generator generator;
    private final Conversation conversation;
    private final int room;
    private final int maxTokens;
    private final PrintWriter out;
    private final Terminal terminal;
    private GenerationSpeed speed = GenerationSpeed.NONE;

    /**
     * Creates a conversation.
     *
     * @param beginning the messages before the first question
     * @param context maximum number of tokens of prompt and answer together
     * @param wanted maximum number of tokens of an answer; 0 if the user gave none
     */
    Chat(
            ChatTemplate template,
            List<ChatMessage> beginning,
            Generator generator,
            int context,
            int wanted,
            Terminal terminal) {
        this.template = template;
        this.generator = generator;
        this.conversation = new Conversation(template, context);
        beginning.forEach(conversation::add);
        this.room = wanted == 0 ? context / 4 : Math.min(wanted, context / 2);
        this.maxTokens = maxTokens(template, wanted, room);
        this.terminal = terminal;
        this.out = terminal.text();
    }

    /** A model without turns would never stop. */
    private static int maxTokens(ChatTemplate template, int wanted, int room) {
        if (wanted != 0) {
            return wanted;
        }
        return template.hasTurns() ? Integer.MAX_VALUE : room;
    }

    /** Talks until the input ends, and returns the speed of all answers together. */
    GenerationSpeed talk() throws IOException {
        boolean asks = terminal.isTypedIn();
        Interrupts interrupts = Interrupts.install(() -> {
            terminal.say("");
            terminal.say("(Ctrl-C again, or Ctrl-D, quits)");
        });
        if (asks) {
            terminal.say((template.hasTurns() ? "" : "This model continues what you type. ")
                    + "Ctrl-C stops an answer, Ctrl-D quits.");
        }
        while (true) {
            if (asks) {
                out.print("> ");
            }
            out.flush();
            interrupts.asking();
            String line = terminal.line();
            if (line == null || out.checkError()) {
                return speed;
            }
            if (!line.isBlank()) {
                interrupts.answering();
                answer(line, interrupts);
            }
        }
    }

    private void answer(String question, Interrupts interrupts) {
        conversation.add(new ChatMessage(ChatMessage.Role.USER, question));
        Conversation.Prompt prompt;
        try {
            prompt = conversation.prompt(room);
        } catch (UserError e) {
            conversation.removeLast();
            terminal.tell(e.getMessage());
            return;
        }
        if (prompt.forgotten() > 0) {
            terminal.say("(the context is full: the oldest " + prompt.forgotten() + " messages are forgotten)");
        }
        Answer answer = generator.generate(
                prompt.tokens(),
                maxTokens,
                () -> interrupts.isStopping() || out.checkError(),
                piece -> TextStreams.show(piece, out));
        out.println();
        conversation.add(new ChatMessage(ChatMessage.Role.ASSISTANT, answer.text()));
        if (answer.end() == Generator.End.CONTEXT) {
            terminal.say("(the context is full: the answer ends here)");
        } else if (answer.forgotten() > 0) {
            terminal.say("(the context was full: " + Plural.of(answer.forgotten(), "old token") + " forgotten)");
        }
        speed = speed.plus(answer.speed());
    }
}
