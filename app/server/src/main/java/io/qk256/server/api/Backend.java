package io.qk256.server.api;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.text.ChatTemplate;
import java.time.Duration;

/**
 * What computes the answers.
 *
 * @param id the name that clients call the model by
 * @param model the model
 * @param template how conversations are written for it
 * @param scheduler computes for all requests
 * @param completions what takes completions: the scheduler, or what a test puts before it
 * @param pooling how a text becomes one vector; {@link Pooling#NONE} if the model is not made for it
 * @param grammars the forms that answers can be kept in
 * @param timeout the most time of a request; zero for no limit
 */
public record Backend(
        String id,
        LanguageModel model,
        ChatTemplate template,
        Scheduler scheduler,
        Completions completions,
        Pooling pooling,
        Grammars grammars,
        Duration timeout) {

    /** Takes completions. */
    @FunctionalInterface
    public interface Completions {

        /** As {@link Scheduler#submit}. */
        Handle submit(CompletionRequest request, CompletionListener listener);
    }

    /** Of a model that no request has used yet. */
    public static Backend of(
            String id,
            LanguageModel model,
            ChatTemplate template,
            Scheduler scheduler,
            Completions completions,
            Pooling pooling,
            Duration timeout) {
        return new Backend(
                id, model, template, scheduler, completions, pooling, new Grammars(model.tokenizer()), timeout);
    }
}
