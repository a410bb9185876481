package io.qk256.app.commands;

import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a question is put to a model that answers. */
final class ChatOptions {

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "What the model is told before the first question, such as how to answer.")
    private @Nullable String system;

    @Mixin
    private final TemplateOptions template = new TemplateOptions();

    ChatOptions() {}

    void requireUsage(boolean raw) {
        template.requireUsage();
        String option = system != null ? "--system" : template.given();
        if (raw && option != null) {
            throw new UserError(
                    "--raw continues the text as it is, and " + option + " is about conversations; give one of them");
        }
    }

    /** The model's template, or the one that was asked for. */
    ChatTemplate template(Tokenizer tokenizer) {
        ChatTemplate chosen = template.template(tokenizer);
        if (system != null && !(chosen.hasTurns() && chosen.takesSystemText())) {
            throw new UserError("--system: this model's template has no place for such a text; put it in the question,"
                    + " or choose another template with --template");
        }
        return chosen;
    }

    /** What a conversation begins with. */
    List<ChatMessage> beginning() {
        return Optional.ofNullable(system).map(text -> new ChatMessage(ChatMessage.Role.SYSTEM, text)).stream()
                .toList();
    }
}
