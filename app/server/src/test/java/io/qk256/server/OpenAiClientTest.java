package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.EmbeddingCreateParams;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The official client for Java understands the answers, the streams and the errors. */
class OpenAiClientTest {

    private static TestServer server;
    private static OpenAIClient client;

    @BeforeAll
    static void start() {
        server = TestServer.start(TestServer.withKey());
        client = server.openAi(TestServer.KEY);
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        assertThat(server.log).isEmpty();
    }

    private static ChatCompletionCreateParams.Builder question() {
        return ChatCompletionCreateParams.builder()
                .model("demo")
                .addSystemMessage("Be brief.")
                .addUserMessage("Once upon a time")
                .maxCompletionTokens(12)
                .putAdditionalBodyProperty("seed", JsonValue.from(4));
    }

    @Test
    void chat() {
        ChatCompletion answer = client.chat().completions().create(question().build());
        assertThat(answer.choices().getFirst().message().content().orElseThrow())
                .isNotBlank();
        assertThat(answer.choices().getFirst().finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.LENGTH);
        assertThat(answer.usage().orElseThrow().completionTokens()).isEqualTo(12);
    }

    @Test
    void aStream() {
        String whole = client.chat()
                .completions()
                .create(question().build())
                .choices()
                .getFirst()
                .message()
                .content()
                .orElseThrow();
        ChatCompletionCreateParams streamed = question()
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
        try (StreamResponse<ChatCompletionChunk> response =
                client.chat().completions().createStreaming(streamed)) {
            List<ChatCompletionChunk> chunks = response.stream().toList();
            assertThat(chunks.stream()
                            .flatMap(chunk -> chunk.choices().stream())
                            .flatMap(choice -> choice.delta().content().stream())
                            .collect(Collectors.joining()))
                    .isEqualTo(whole);
            assertThat(chunks.getLast().usage().orElseThrow().completionTokens())
                    .isEqualTo(12);
        }
    }

    @Test
    void embeddingsAndModels() {
        int width = client.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model("demo")
                        .input("A fox")
                        .build())
                .data()
                .getFirst()
                .embedding()
                .size();
        assertThat(width).isEqualTo(server.model.config().width());
        assertThat(client.models().list().data().getFirst().id()).isEqualTo("demo");
    }

    @Test
    void errors() {
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .create(question().temperature(-1.0).build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("temperature is -1.0, expected a number from 0 to 100");
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .create(question().model("other").build()))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("expected 'demo'");
        OpenAIClient stranger = server.openAi("another key, wrong");
        try {
            assertThatThrownBy(() -> stranger.models().list())
                    .isInstanceOf(UnauthorizedException.class)
                    .hasMessageContaining("the key is wrong");
        } finally {
            stranger.close();
        }
    }
}
