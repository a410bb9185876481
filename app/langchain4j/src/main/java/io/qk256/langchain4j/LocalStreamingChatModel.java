package io.qk256.langchain4j;

import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onCompleteToolCall;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.onPartialResponse;
import static dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils.withLoggingExceptions;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.qk256.llm.serving.CompletionEnd;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.serving.TextPiece;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A chat model of a {@link LocalModel} that streams. Thread-safe. A handler is called on a thread of its request; while
 * it is slow, its request waits and others go on. Calls of tools are complete when the handler gets them.
 */
public final class LocalStreamingChatModel implements StreamingChatModel {

    private final Chat chat;
    private final List<ChatModelListener> listeners;

    LocalStreamingChatModel(Chat chat, List<ChatModelListener> listeners) {
        this.chat = chat;
        this.listeners = List.copyOf(listeners);
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        try {
            Stream stream = new Stream(request, handler);
            stream.started.complete(chat.submit(request, stream));
        } catch (UnsupportedFeatureException e) {
            throw e;
        } catch (RuntimeException e) {
            withLoggingExceptions(() -> handler.onError(e));
        }
    }

    private final class Stream implements CompletionListener, StreamingHandle {

        private final CompletableFuture<Handle> started = new CompletableFuture<>();
        private final ChatRequest request;
        private final StreamingChatResponseHandler handler;
        private final boolean mayCall;
        private final StringBuilder text = new StringBuilder();
        private int sent;
        private volatile boolean isCancelled;

        Stream(ChatRequest request, StreamingChatResponseHandler handler) {
            this.request = request;
            this.handler = handler;
            this.mayCall = chat.mayCall(request);
        }

        @Override
        public void text(TextPiece piece) {
            text.append(piece.text());
            send(certainlyText());
        }

        /** The end of what is text for certain, and not the beginning of a call. */
        private int certainlyText() {
            if (!mayCall) {
                return text.length();
            }
            return chat.callMark().map(this::beforeMark).orElse(0);
        }

        private int beforeMark(String mark) {
            int found = text.indexOf(mark);
            int end = found < 0 ? text.length() : found;
            int kept = found < 0 ? Math.min(mark.length() - 1, end) : 0;
            while (kept > 0 && !mark.startsWith(text.substring(end - kept, end))) {
                kept--;
            }
            end -= kept;
            // White space before a call is not part of the answer.
            while (end > 0 && Character.isWhitespace(text.charAt(end - 1))) {
                end--;
            }
            return end;
        }

        private void send(int end) {
            if (end > sent && !isCancelled) {
                String piece = text.substring(sent, end);
                sent = end;
                onPartialResponse(handler, piece, this);
            }
        }

        @Override
        public void finished(CompletionEnd end) {
            if (isCancelled) {
                return;
            }
            ChatResponse response;
            try {
                response = chat.response(request, text.toString(), end);
            } catch (RuntimeException e) {
                withLoggingExceptions(() -> handler.onError(e));
                return;
            }
            List<ToolExecutionRequest> calls = response.aiMessage().toolExecutionRequests();
            if (calls.isEmpty()) {
                send(text.length());
            }
            for (int i = 0; i < calls.size(); i++) {
                onCompleteToolCall(handler, new CompleteToolCall(i, calls.get(i)));
            }
            if (!isCancelled) {
                onCompleteResponse(handler, response);
            }
        }

        @Override
        public void failed(Throwable cause) {
            if (!isCancelled) {
                withLoggingExceptions(() -> handler.onError(Chat.translated(cause)));
            }
        }

        @Override
        public void cancel() {
            isCancelled = true;
            started.join().cancel();
        }

        @Override
        public boolean isCancelled() {
            return isCancelled;
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
