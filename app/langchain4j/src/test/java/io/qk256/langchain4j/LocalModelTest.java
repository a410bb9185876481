package io.qk256.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.common.AbstractEmbeddingModelIT;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.output.FinishReason;
import io.qk256.llm.json.JsonValue;
import io.qk256.llm.serving.SchedulerOptions;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real models, small ones. */
class LocalModelTest {

    private static LocalModel demo;
    private static LocalModel embedding;

    @BeforeAll
    static void open(@TempDir Path directory) throws IOException {
        demo = open(directory, "/io/qk256/app/check/demo-i2_s.gguf", "demo.gguf");
        embedding = open(directory, "families/embed.gguf", "embed.gguf");
    }

    private static LocalModel open(Path directory, String fixture, String name) throws IOException {
        Path file = Files.write(directory.resolve(name), Fixtures.bytes(fixture));
        return LocalModel.open(file, SchedulerOptions.withThreads(1).withParallel(4));
    }

    @AfterAll
    static void close() {
        demo.close();
        embedding.close();
    }

    @Test
    void severalThreadsGetWhatOneGets() {
        ChatModel chat = demo.chatModel(
                ChatRequestParameters.builder().maxOutputTokens(20).build(), List.of());
        String alone = chat.chat("There was once a king");
        assertThat(alone).isNotBlank();
        List<CompletableFuture<String>> together = IntStream.range(0, 6)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> chat.chat("There was once a king")))
                .toList();
        together.forEach(answer -> assertThat(answer.join()).isEqualTo(alone));
    }

    @Test
    void streamsTheSameText() {
        ChatRequestParameters parameters =
                ChatRequestParameters.builder().maxOutputTokens(20).build();
        StringBuilder pieces = new StringBuilder();
        CompletableFuture<ChatResponse> response = new CompletableFuture<>();
        demo.streamingChatModel(parameters, List.of()).chat("A fox", new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String piece) {
                pieces.append(piece);
            }

            @Override
            public void onCompleteResponse(ChatResponse complete) {
                response.complete(complete);
            }

            @Override
            public void onError(Throwable error) {
                response.completeExceptionally(error);
            }
        });
        assertThat(response.join().aiMessage().text()).isEqualTo(pieces.toString());
        assertThat(response.join().finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(pieces.toString())
                .isEqualTo(demo.chatModel(parameters, List.of()).chat("A fox"));
    }

    @Test
    void aCancelledStreamSaysNothingMore() {
        AtomicInteger calls = new AtomicInteger();
        CompletableFuture<StreamingHandle> cancelled = new CompletableFuture<>();
        demo.streamingChatModel().chat("A fox", new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                calls.incrementAndGet();
                context.streamingHandle().cancel();
                cancelled.complete(context.streamingHandle());
            }

            @Override
            public void onCompleteResponse(ChatResponse complete) {
                calls.incrementAndGet();
            }

            @Override
            public void onError(Throwable error) {
                calls.incrementAndGet();
            }
        });
        assertThat(cancelled.join().isCancelled()).isTrue();
        // The next answer comes after all that the scheduler still has to say about the cancelled one.
        assertThat(demo.chatModel(
                                ChatRequestParameters.builder()
                                        .maxOutputTokens(20)
                                        .build(),
                                List.of())
                        .chat("A wolf"))
                .isNotBlank();
        assertThat(calls).hasValue(1);
    }

    /** A model of fairy tales, which has never seen JSON. */
    @Test
    void answersInTheFormOfASchema() {
        ChatResponse response = demo.chatModel()
                .chat(ChatRequest.builder()
                        .messages(UserMessage.from("The king"))
                        .responseFormat(ResponseFormat.builder()
                                .type(ResponseFormatType.JSON)
                                .jsonSchema(JsonSchema.builder()
                                        .name("Choice")
                                        .rootElement(JsonObjectSchema.builder()
                                                .addEnumProperty("animal", List.of("fox", "wolf"))
                                                .required("animal")
                                                .additionalProperties(false)
                                                .build())
                                        .build())
                                .build())
                        .build());
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(((JsonValue.Fields) JsonValue.parse(response.aiMessage().text())).fields())
                .containsOnlyKeys("animal");
    }

    @Test
    void aModelThatWritesHasNoEmbeddings() {
        assertThatThrownBy(demo::embeddingModel)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("demo.gguf writes text, expected a model for embeddings");
    }

    /**
     * LangChain4j's own tests of embedding models. Turned off, and replaced by tests that these are refused: images,
     * another number of dimensions, and an input type.
     */
    @Nested
    class Embeddings extends AbstractEmbeddingModelIT {

        @Override
        protected List<EmbeddingModel> models() {
            return List.of(embedding.embeddingModel());
        }

        @Override
        protected EmbeddingModel modelWith(EmbeddingModelListener listener) {
            return embedding.embeddingModel(List.of(listener));
        }

        @Override
        protected boolean supportsInputTypeParameter() {
            return false;
        }

        @Override
        protected boolean supportsDimensionsParameter() {
            return false;
        }

        @Override
        protected boolean supportsImageInput() {
            return false;
        }

        @Test
        void haveLengthOne() {
            Embedding vector = embedding.embeddingModel().embed("a").content();
            double square = 0;
            for (float each : vector.vector()) {
                square += (double) each * each;
            }
            assertThat(square).isBetween(0.9999, 1.0001);
        }
    }
}
