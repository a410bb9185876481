package io.qk256.server;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.text.ChatTemplate;
import java.time.Duration;
import java.time.Instant;

/**
 * What a server serves.
 *
 * @param id the name that clients call it by
 * @param model the model
 * @param template how conversations are written for it
 * @param scheduler computes for all requests; of this model
 * @param pooling how a text becomes one vector; {@link Pooling#NONE} if the model is not made for it
 * @param timeout the most time of a request; zero for no limit
 * @param kernel the kernel that computes
 * @param since when the model was loaded
 */
public record ServedModel(
        String id,
        LanguageModel model,
        ChatTemplate template,
        Scheduler scheduler,
        Pooling pooling,
        Duration timeout,
        ServedKernel kernel,
        Instant since) {

    /**
     * The kernel that computes.
     *
     * @param name its name
     * @param why why it was selected
     * @param all all kernels and why each was selected or not, as JSON
     */
    public record ServedKernel(String name, String why, String all) {}
}
