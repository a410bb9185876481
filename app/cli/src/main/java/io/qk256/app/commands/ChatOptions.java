package io.qk256.app.commands;

import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a question is put to a model that answers. */
final class ChatOptions {

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "What the model is told before the first question, such as how to answer.")
    private @Nullable String system;

    @Option(
            names = "--template",
            paramLabel = "NAME",
            description = "Write conversations as this family of models does: bitnet, chatml, falcon3, gemma, llama2,"
                    + " llama3, mistral-v1, mistral-v3 or qwen3. Default: the template in the model file; without one,"
                    + " bitnet if the vocabulary has its marks, or else no turns.")
    private @Nullable String template;

    @Option(
            names = "--think",
            negatable = true,
            description = "Switch thinking before an answer on or off. Default: as the template does.")
    private @Nullable Boolean think;

    ChatOptions() {}

    void requireUsage(boolean raw) {
        if (template != null) {
            ChatTemplate.requireBuiltIn(template);
        }
        String option = system != null ? "--system" : template != null ? "--template" : "--think";
        if (raw && (system != null || template != null || think != null)) {
            throw new UserError(
                    "--raw continues the text as it is, and " + option + " is about conversations; give one of them");
        }
    }

    /** The model's template, or the one that was asked for. */
    ChatTemplate template(Tokenizer tokenizer) {
        ChatTemplate chosen = template == null ? ChatTemplate.of(tokenizer) : ChatTemplate.builtIn(template, tokenizer);
        if (think != null) {
            chosen = chosen.withThinking(think);
        }
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
