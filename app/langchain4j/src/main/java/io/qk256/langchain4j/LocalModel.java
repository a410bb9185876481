package io.qk256.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.serving.SchedulerOptions;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A model of a file, in this process. Thread-safe: requests of several threads are computed together, and what one gets
 * never depends on the others. Close it when no request runs.
 *
 * <pre>{@code
 * try (LocalModel model = LocalModel.open(Path.of("model.gguf"))) {
 *     ChatModel chat = model.chatModel();
 *     System.out.println(chat.chat("Why is the sky blue?"));
 * }
 * }</pre>
 */
public final class LocalModel implements AutoCloseable {

    private final String name;
    private final LanguageModel model;
    private final Scheduler scheduler;
    private final boolean owns;

    private LocalModel(String name, LanguageModel model, Scheduler scheduler, boolean owns) {
        this.name = name;
        this.model = model;
        this.scheduler = scheduler;
        this.owns = owns;
    }

    /**
     * Opens a model on the fastest kernel of this machine, with a thread for each processor.
     *
     * @param file a GGUF file, which must not change while the model is open
     * @throws IOException if the file cannot be read, is damaged, or its model is not supported
     */
    public static LocalModel open(Path file) throws IOException {
        return open(file, SchedulerOptions.withThreads(Runtime.getRuntime().availableProcessors()));
    }

    /**
     * Opens a model on the fastest kernel of this machine.
     *
     * @param file a GGUF file, which must not change while the model is open
     * @param options the threads, how many requests are computed at once, how many wait
     * @throws IOException if the file cannot be read, is damaged, or its model is not supported
     */
    public static LocalModel open(Path file, SchedulerOptions options) throws IOException {
        Path name = file.getFileName();
        LanguageModel model = LanguageModel.open(file);
        try {
            Selection selection = KernelSelector.selectFirst(
                    KernelSource.find(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
            Scheduler scheduler = Scheduler.start(model, selection.kernel(), options);
            return new LocalModel(String.valueOf(name), model, scheduler, true);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    /**
     * A model that is already open.
     *
     * @param name its name in reports
     * @param model the model, which the caller closes
     * @param scheduler a scheduler of the model, which the caller closes
     */
    public static LocalModel of(String name, LanguageModel model, Scheduler scheduler) {
        return new LocalModel(name, model, scheduler, false);
    }

    /** A chat model that always takes the most likely token. */
    public LocalChatModel chatModel() {
        return chatModel(ChatRequestParameters.builder().build(), List.of());
    }

    /**
     * A chat model.
     *
     * @param defaults what requests do not say; the temperature is 0 if neither says it
     * @param listeners are told of requests and responses
     * @throws io.qk256.spi.support.UserError if the model's chat template cannot be run here
     */
    public LocalChatModel chatModel(ChatRequestParameters defaults, List<ChatModelListener> listeners) {
        return new LocalChatModel(new Chat(backend(), defaults), listeners);
    }

    /** A chat model that streams, and always takes the most likely token. */
    public LocalStreamingChatModel streamingChatModel() {
        return streamingChatModel(ChatRequestParameters.builder().build(), List.of());
    }

    /**
     * A chat model that streams.
     *
     * @param defaults what requests do not say; the temperature is 0 if neither says it
     * @param listeners are told of requests and responses
     * @throws io.qk256.spi.support.UserError if the model's chat template cannot be run here
     */
    public LocalStreamingChatModel streamingChatModel(
            ChatRequestParameters defaults, List<ChatModelListener> listeners) {
        return new LocalStreamingChatModel(new Chat(backend(), defaults), listeners);
    }

    /**
     * A model of embeddings.
     *
     * @throws IllegalStateException if the model is not made for embeddings
     */
    public LocalEmbeddingModel embeddingModel() {
        return embeddingModel(List.of());
    }

    /**
     * A model of embeddings.
     *
     * @param listeners are told of requests and responses
     * @throws IllegalStateException if the model is not made for embeddings
     */
    public LocalEmbeddingModel embeddingModel(List<EmbeddingModelListener> listeners) {
        return new LocalEmbeddingModel(name, model, scheduler, listeners);
    }

    private Backend backend() {
        ChatTemplate template = model.template();
        return new Backend() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Tokenizer tokenizer() {
                return model.tokenizer();
            }

            @Override
            public ChatTemplate template() {
                return template;
            }

            @Override
            public Handle submit(CompletionRequest request, CompletionListener listener) {
                return scheduler.submit(request, listener);
            }
        };
    }

    /** Ends running requests and frees the weights, if this has opened them. */
    @Override
    public void close() {
        if (owns) {
            scheduler.close();
            model.close();
        }
    }
}
