package io.qk256.langchain4j;

import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;

/** What chat models need of a model. */
interface Backend {

    /** The name of the model, for reports. */
    String name();

    Tokenizer tokenizer();

    ChatTemplate template();

    /** As {@link io.qk256.llm.serving.Scheduler#submit}. */
    Handle submit(CompletionRequest request, CompletionListener listener);
}
