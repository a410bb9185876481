package io.qk256.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.qk256.llm.serving.CompletionListener;
import io.qk256.llm.serving.CompletionRequest;
import io.qk256.llm.serving.Handle;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** LangChain4j's own tests of listeners. */
class ListenersTest {

    private static final Backend SCRIPTED = new Scripted();

    /** Refuses every request. */
    private static final class Refusing implements Backend {

        @Override
        public String name() {
            return SCRIPTED.name();
        }

        @Override
        public Tokenizer tokenizer() {
            return SCRIPTED.tokenizer();
        }

        @Override
        public ChatTemplate template() {
            return SCRIPTED.template();
        }

        @Override
        public Handle submit(CompletionRequest request, CompletionListener listener) {
            throw new UserError("no");
        }
    }

    private static Chat chat(Backend backend, double temperature, double topP, int maxTokens) {
        return new Chat(
                backend,
                ChatRequestParameters.builder()
                        .temperature(temperature)
                        .topP(topP)
                        .maxOutputTokens(maxTokens)
                        .build());
    }

    @Nested
    class OfTheChatModel extends AbstractChatModelListenerIT {

        @Override
        protected ChatModel createModel(ChatModelListener listener) {
            return new LocalChatModel(chat(SCRIPTED, temperature(), topP(), maxTokens()), List.of(listener));
        }

        @Override
        protected String modelName() {
            return Scripted.NAME;
        }

        @Override
        protected ChatModel createFailingModel(ChatModelListener listener) {
            return new LocalChatModel(chat(new Refusing(), temperature(), topP(), maxTokens()), List.of(listener));
        }

        @Override
        protected Class<? extends Exception> expectedExceptionClass() {
            return InvalidRequestException.class;
        }
    }

    @Nested
    class OfTheStreamingChatModel extends AbstractStreamingChatModelListenerIT {

        @Override
        protected StreamingChatModel createModel(ChatModelListener listener) {
            return new LocalStreamingChatModel(chat(SCRIPTED, temperature(), topP(), maxTokens()), List.of(listener));
        }

        @Override
        protected String modelName() {
            return Scripted.NAME;
        }

        @Override
        protected StreamingChatModel createFailingModel(ChatModelListener listener) {
            return new LocalStreamingChatModel(
                    chat(new Refusing(), temperature(), topP(), maxTokens()), List.of(listener));
        }

        @Override
        protected Class<? extends Exception> expectedExceptionClass() {
            return InvalidRequestException.class;
        }
    }
}
