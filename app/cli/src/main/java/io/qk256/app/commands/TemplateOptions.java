package io.qk256.app.commands;

import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How conversations are written for a model. */
final class TemplateOptions {

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

    TemplateOptions() {}

    void requireUsage() {
        if (template != null) {
            ChatTemplate.requireBuiltIn(template);
        }
    }

    /** The option that the user gave, if any. */
    @Nullable
    String given() {
        return template != null ? "--template" : think != null ? "--think" : null;
    }

    /** The model's template, or the one that was asked for. */
    ChatTemplate template(Tokenizer tokenizer) {
        ChatTemplate chosen = template == null ? ChatTemplate.of(tokenizer) : ChatTemplate.builtIn(template, tokenizer);
        return think == null ? chosen : chosen.withThinking(think);
    }
}
