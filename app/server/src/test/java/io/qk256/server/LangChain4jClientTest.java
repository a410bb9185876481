package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An application with LangChain4j can use the server by the module that is made for OpenAI. */
class LangChain4jClientTest {

    private static final ToolSpecification WEATHER = ToolSpecification.builder()
            .name("get_weather")
            .description("The weather of a city")
            .parameters(JsonObjectSchema.builder()
                    .addStringProperty("city")
                    .required("city")
                    .build())
            .build();

    private static final Script SCRIPT = new Script()
            .answer("weather in Munich?", Script.call("get_weather", "{\"city\": \"Munich\"}"))
            .answer("[tool] 21 degrees", "It has 21 degrees.")
            .answer("Hello", "Good morning. How do you do?");

    private static TestServer server;
    private static ChatModel model;
    private static StreamingChatModel streaming;

    @BeforeAll
    static void start() {
        server = TestServer.scripted(SCRIPT);
        model = OpenAiChatModel.builder()
                .baseUrl(url())
                .modelName("demo")
                .strictJsonSchema(true)
                .strictTools(true)
                .seed(6)
                .maxRetries(0)
                .build();
        streaming = OpenAiStreamingChatModel.builder()
                .baseUrl(url())
                .modelName("demo")
                .strictJsonSchema(true)
                .strictTools(true)
                .seed(6)
                .build();
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(server.log).isEmpty();
    }

    private static String url() {
        return "http://127.0.0.1:" + server.port() + "/v1";
    }

    private static final class Pieces implements StreamingChatResponseHandler {

        private final StringBuilder text = new StringBuilder();
        private final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String piece) {
            text.append(piece);
        }

        @Override
        public void onCompleteResponse(ChatResponse complete) {
            end.complete(complete);
        }

        @Override
        public void onError(Throwable error) {
            end.completeExceptionally(error);
        }
    }

    private static ChatResponse streamed(ChatRequest request) {
        Pieces pieces = new Pieces();
        streaming.chat(request, pieces);
        ChatResponse response = pieces.end.join();
        if (response.aiMessage().text() != null) {
            assertThat(pieces.text).hasToString(response.aiMessage().text());
        }
        return response;
    }

    private static ChatRequest.Builder request(ChatMessage... messages) {
        return ChatRequest.builder().messages(messages);
    }

    @Test
    void chatWholeAndStreamed() {
        ChatRequest hello = request(SystemMessage.from("Be brief."), UserMessage.from("Hello"))
                .build();
        ChatResponse whole = model.chat(hello);
        assertThat(whole.aiMessage().text()).isEqualTo("Good morning. How do you do?");
        assertThat(whole.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(whole.modelName()).isEqualTo("demo");
        ChatResponse stream = streamed(hello);
        assertThat(stream.aiMessage()).isEqualTo(whole.aiMessage());
        assertThat(stream.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(stream.tokenUsage().inputTokenCount())
                .isEqualTo(whole.tokenUsage().inputTokenCount());
        assertThat(stream.tokenUsage().outputTokenCount())
                .isEqualTo(whole.tokenUsage().outputTokenCount());
    }

    /** Without a script: the model says what its seed gives, in both ways. */
    @Test
    void parameters() {
        ChatRequest once = request(UserMessage.from("Once upon a time"))
                .parameters(ChatRequestParameters.builder()
                        .temperature(1.0)
                        .topP(0.9)
                        .frequencyPenalty(0.5)
                        .presencePenalty(0.5)
                        .maxOutputTokens(12)
                        .stopSequences("zebra")
                        .build())
                .build();
        ChatResponse whole = model.chat(once);
        assertThat(whole.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(whole.tokenUsage().outputTokenCount()).isEqualTo(12);
        assertThat(streamed(once).aiMessage()).isEqualTo(whole.aiMessage());
    }

    @Test
    void answersInTheFormOfASchema() {
        ChatRequest asked = request(UserMessage.from("The king"))
                .responseFormat(ResponseFormat.builder()
                        .type(ResponseFormatType.JSON)
                        .jsonSchema(JsonSchema.builder()
                                .name("Choice")
                                .rootElement(JsonObjectSchema.builder()
                                        .addEnumProperty("animal", List.of("fox", "wolf"))
                                        .addBooleanProperty("big")
                                        .required("animal", "big")
                                        .build())
                                .build())
                        .build())
                .build();
        for (ChatResponse response : List.of(model.chat(asked), streamed(asked))) {
            assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
            JsonObject json =
                    JsonParser.parseString(response.aiMessage().text()).getAsJsonObject();
            assertThat(json.get("animal").getAsString()).isIn("fox", "wolf");
            assertThat(json.get("big").getAsJsonPrimitive().isBoolean()).isTrue();
        }
    }

    @Test
    void aToolIsCalledAndItsResultUsed() {
        UserMessage question = UserMessage.from("What is the weather in Munich?");
        ChatRequest asked = request(question).toolSpecifications(WEATHER).build();
        for (ChatResponse response : List.of(model.chat(asked), streamed(asked))) {
            assertThat(response.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
            AiMessage message = response.aiMessage();
            assertThat(message.toolExecutionRequests()).hasSize(1);
            ToolExecutionRequest call = message.toolExecutionRequests().getFirst();
            assertThat(call.name()).isEqualTo("get_weather");
            assertThat(call.arguments()).contains("Munich");
            ChatRequest told = request(question, message, ToolExecutionResultMessage.from(call, "21 degrees"))
                    .toolSpecifications(WEATHER)
                    .build();
            assertThat(model.chat(told).aiMessage().text()).isEqualTo("It has 21 degrees.");
            assertThat(streamed(told).aiMessage().text()).isEqualTo("It has 21 degrees.");
        }
    }

    @Test
    void aCallCanBeRequired() {
        ChatRequest required = request(UserMessage.from("A fox"))
                .parameters(ChatRequestParameters.builder()
                        .toolSpecifications(ToolSpecification.builder()
                                .name("roll")
                                .description("Rolls a die")
                                .build())
                        .toolChoice(ToolChoice.REQUIRED)
                        .build())
                .build();
        for (ChatResponse response : List.of(model.chat(required), streamed(required))) {
            assertThat(response.aiMessage().toolExecutionRequests())
                    .as("%s", response)
                    .isNotEmpty()
                    .allSatisfy(call -> assertThat(call.name()).isEqualTo("roll"));
        }
    }

    @Test
    void embeddings() {
        EmbeddingModel embedding = OpenAiEmbeddingModel.builder()
                .baseUrl(url())
                .modelName("demo")
                .maxRetries(0)
                .build();
        assertThat(embedding.embed("A fox").content().vector())
                .hasSize(server.model.config().width());
        assertThat(embedding.embed("A fox").content())
                .isEqualTo(embedding.embed("A fox").content());
    }

    @Test
    void errors() {
        ChatRequest wrong = request(UserMessage.from("Hello"))
                .parameters(ChatRequestParameters.builder().temperature(-1.0).build())
                .build();
        assertThatThrownBy(() -> model.chat(wrong))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("temperature is -1.0, expected a number from 0 to 100");
    }
}
