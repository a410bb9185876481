package io.qk256.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.TextPiece;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A chat model of a {@link LocalModel}. Thread-safe. An interrupt cancels the request that waits. */
public final class LocalChatModel implements ChatModel {

    private final Chat chat;
    private final List<ChatModelListener> listeners;

    LocalChatModel(Chat chat, List<ChatModelListener> listeners) {
        this.chat = chat;
        this.listeners = List.copyOf(listeners);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        CompletableFuture<ChatResponse> response = new CompletableFuture<>();
        Handle handle = chat.submit(request, new CompletionListener() {
            private final StringBuilder text = new StringBuilder();

            @Override
            public void text(TextPiece piece) {
                text.append(piece.text());
            }

            @Override
            public void finished(CompletionEnd end) {
                try {
                    response.complete(chat.response(request, text.toString(), end));
                } catch (RuntimeException e) {
                    response.completeExceptionally(e);
                }
            }

            @Override
            public void failed(Throwable cause) {
                response.completeExceptionally(cause);
            }
        });
        try {
            return response.get();
        } catch (InterruptedException e) {
            handle.cancel();
            Thread.currentThread().interrupt();
            throw Chat.translated(e);
        } catch (ExecutionException e) {
            throw Chat.translated(e.getCause() == null ? e : e.getCause());
        }
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return chat.defaults();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return listeners;
    }

    @Override
    public ModelProvider provider() {
        return ModelProvider.OTHER;
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }
}
