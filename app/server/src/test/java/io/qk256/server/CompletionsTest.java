package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The answers: what they say, and in which form. */
class CompletionsTest {

    private static final String CHAT = "/v1/chat/completions";
    private static final String TEXT = "/v1/completions";
    private static final String ONCE = "\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}]";

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(server.log).isEmpty();
    }

    private static HttpResponse<String> ask(String path, String fields) {
        HttpResponse<String> response = server.post(path, "{" + fields + "}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response;
    }

    private static JsonObject chat(String fields) {
        return TestServer.json(ask(CHAT, fields));
    }

    private static JsonObject choice(JsonObject answer, int index) {
        return answer.getAsJsonArray("choices").get(index).getAsJsonObject();
    }

    private static String content(JsonObject answer) {
        return choice(answer, 0).getAsJsonObject("message").get("content").getAsString();
    }

    @Test
    void anAnswerIsWhatTheEngineSays() {
        try (Engine engine = server.model.engine(TestServer.kernel(), EngineOptions.withThreads(1))) {
            String expected = server.model
                    .generate(
                            engine,
                            "Once upon a time",
                            GenerationOptions.usual().withMaxTokens(40),
                            piece -> {})
                    .text();
            JsonObject text =
                    TestServer.json(ask(TEXT, "\"prompt\":\"Once upon a time\",\"max_tokens\":40,\"temperature\":0"));
            assertThat(choice(text, 0).get("text").getAsString()).isEqualTo(expected);
            assertThat(choice(text, 0).get("finish_reason").getAsString()).isEqualTo("length");
            assertThat(text.get("object").getAsString()).isEqualTo("text_completion");
            JsonObject chat = chat(ONCE + ",\"max_tokens\":40,\"temperature\":0");
            assertThat(content(chat)).isEqualTo(expected);
        }
    }

    @Test
    void anAnswerHasTheFormOfTheProtocol() {
        JsonObject answer = chat(ONCE + ",\"model\":\"demo\",\"max_completion_tokens\":5,\"seed\":7");
        assertThat(answer.get("id").getAsString()).startsWith("chatcmpl-");
        assertThat(answer.get("object").getAsString()).isEqualTo("chat.completion");
        assertThat(answer.get("model").getAsString()).isEqualTo("demo");
        assertThat(answer.get("seed").getAsLong()).isEqualTo(7);
        assertThat(choice(answer, 0).getAsJsonObject("message").get("role").getAsString())
                .isEqualTo("assistant");
        JsonObject usage = answer.getAsJsonObject("usage");
        int prompt = usage.get("prompt_tokens").getAsInt();
        assertThat(prompt).isPositive();
        assertThat(usage.get("completion_tokens").getAsInt()).isEqualTo(5);
        assertThat(usage.get("total_tokens").getAsInt()).isEqualTo(prompt + 5);
        assertThat(usage.getAsJsonObject("prompt_tokens_details")
                        .get("cached_tokens")
                        .getAsInt())
                .isBetween(0, prompt);
    }

    @Test
    void aStreamSaysTheSame() {
        String fields = ONCE + ",\"max_tokens\":30,\"seed\":3";
        String whole = content(chat(fields));
        HttpResponse<String> response =
                ask(CHAT, fields + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
        assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream; charset=utf-8");
        List<JsonObject> events = TestServer.events(response);
        StringBuilder text = new StringBuilder();
        String reason = null;
        for (JsonObject event : events.subList(0, events.size() - 1)) {
            assertThat(event.get("object").getAsString()).isEqualTo("chat.completion.chunk");
            JsonElement piece = choice(event, 0).getAsJsonObject("delta").get("content");
            text.append(piece == null ? "" : piece.getAsString());
            JsonElement end = choice(event, 0).get("finish_reason");
            reason = end.isJsonNull() ? reason : end.getAsString();
        }
        assertThat(text).hasToString(whole);
        assertThat(reason).isEqualTo("length");
        JsonObject last = events.getLast();
        assertThat(last.getAsJsonArray("choices")).isEmpty();
        assertThat(last.getAsJsonObject("usage").get("completion_tokens").getAsInt())
                .isEqualTo(30);
    }

    @ParameterizedTest
    @CsvSource({
        "9007199254740993, 9007199254740993",
        "9223372036854775807, 9223372036854775807",
        "-9223372036854775808, -9223372036854775808",
        "7.0, 7",
        "1.2e3, 1200"
    })
    void theSeedThatIsSentIsUsed(String sent, long used) {
        String fields = ONCE + ",\"max_tokens\":20,\"temperature\":1.5,\"seed\":";
        JsonObject answer = chat(fields + sent);
        assertThat(answer.get("seed").getAsLong()).isEqualTo(used);
        assertThat(content(answer)).isEqualTo(content(chat(fields + used)));
    }

    @Test
    void aStopStringEndsTheAnswerBeforeIt() {
        String whole = content(chat(ONCE + ",\"max_tokens\":40,\"temperature\":0"));
        String stop = whole.substring(10, 15);
        JsonObject cut = chat(ONCE + ",\"max_tokens\":40,\"temperature\":0,\"stop\":\"" + stop + "\"");
        assertThat(content(cut)).isEqualTo(whole.substring(0, whole.indexOf(stop)));
        assertThat(choice(cut, 0).get("finish_reason").getAsString()).isEqualTo("stop");
    }

    @Test
    void severalChoicesDifferByTheirSeeds() {
        JsonObject both = chat(ONCE + ",\"max_tokens\":20,\"n\":2,\"seed\":5,\"temperature\":1.5");
        for (int i = 0; i < 2; i++) {
            String alone = content(chat(ONCE + ",\"max_tokens\":20,\"temperature\":1.5,\"seed\":" + (5 + i)));
            assertThat(choice(both, i).getAsJsonObject("message").get("content").getAsString())
                    .isEqualTo(alone);
        }
        assertThat(both.getAsJsonObject("usage").get("completion_tokens").getAsInt())
                .isEqualTo(40);
    }

    @Test
    void anAnswerDoesNotDependOnItsNeighbours() throws ExecutionException, InterruptedException {
        List<String> bodies = new ArrayList<>();
        List<String> alone = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            bodies.add(ONCE.replace("time", "time there was " + "a fox and ".repeat(i)) + ",\"max_tokens\":25,\"seed\":"
                    + i);
            alone.add(content(chat(bodies.get(i))));
        }
        List<Future<String>> beside = new ArrayList<>();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            bodies.forEach(body -> beside.add(clients.submit(() -> content(chat(body)))));
        }
        for (int i = 0; i < alone.size(); i++) {
            assertThat(beside.get(i).get()).isEqualTo(alone.get(i));
        }
    }

    @Test
    void logprobsAreThoseOfTheTokens() {
        JsonObject answer = chat(ONCE + ",\"max_tokens\":6,\"temperature\":0,\"logprobs\":true,\"top_logprobs\":3");
        JsonArray tokens = choice(answer, 0).getAsJsonObject("logprobs").getAsJsonArray("content");
        assertThat(tokens).hasSize(6);
        StringBuilder text = new StringBuilder();
        for (JsonElement element : tokens) {
            JsonObject token = element.getAsJsonObject();
            text.append(token.get("token").getAsString());
            JsonArray top = token.getAsJsonArray("top_logprobs");
            assertThat(top).hasSize(3);
            assertThat(top.get(0).getAsJsonObject().get("logprob").getAsDouble())
                    .isCloseTo(token.get("logprob").getAsDouble(), within(0.0));
        }
        assertThat(text).hasToString(content(answer));
        JsonObject plain = TestServer.json(
                ask(TEXT, "\"prompt\":[\"Once\",\"There\"],\"max_tokens\":4,\"temperature\":0,\"logprobs\":2"));
        assertThat(choice(plain, 1).getAsJsonObject("logprobs").getAsJsonArray("tokens"))
                .hasSize(4);
    }

    /** A smiley is several tokens of this model. */
    @Test
    void offsetsAreTheSameInAStream() {
        String said = "a \ud83d\ude00 p\u00f6\u00f6r \ud83d\ude00 man";
        String fields = "{\"prompt\":\"Hi\\n[assistant] \",\"logprobs\":0,\"stop\":\"manx\"";
        try (TestServer scripted = TestServer.scripted(new Script().answer("Hi", said))) {
            JsonObject whole = choice(TestServer.json(scripted.post(TEXT, fields + "}")), 0);
            assertThat(whole.get("text").getAsString()).isEqualTo(said);
            JsonArray tokens = whole.getAsJsonObject("logprobs").getAsJsonArray("tokens");
            JsonArray offsets = whole.getAsJsonObject("logprobs").getAsJsonArray("text_offset");
            assertThat(tokens.size()).isGreaterThan((int) said.codePoints().count());
            for (int i = 0; i < tokens.size(); i++) {
                String from =
                        said.substring(said.offsetByCodePoints(0, offsets.get(i).getAsInt()));
                String token = tokens.get(i).getAsString();
                boolean isPart = token.contains("\ufffd");
                assertThat(isPart ? from.codePointAt(0) > 127 : from.startsWith(token))
                        .as("%s at %s", token, from)
                        .isTrue();
            }
            JsonArray streamed = new JsonArray();
            for (JsonObject event : TestServer.events(scripted.post(TEXT, fields + ",\"stream\":true}"))) {
                JsonElement logprobs = choice(event, 0).get("logprobs");
                if (!logprobs.isJsonNull()) {
                    streamed.addAll(logprobs.getAsJsonObject().getAsJsonArray("text_offset"));
                }
            }
            assertThat(streamed).isEqualTo(offsets);
        }
    }

    @Test
    void aBiasForbidsAToken() {
        JsonObject free = chat(ONCE + ",\"max_tokens\":1,\"temperature\":0");
        JsonArray tokens = TestServer.json(server.post(
                        "/tokenize", "{\"content\":\"" + content(free).replace("\n", "\\n") + "\"}"))
                .getAsJsonArray("tokens");
        String bias = "\"logit_bias\":{\"" + tokens.get(0).getAsInt() + "\":-100}";
        assertThat(content(chat(ONCE + ",\"max_tokens\":1,\"temperature\":0," + bias)))
                .isNotEqualTo(content(free));
    }

    /** One by one, a minute would not be enough. */
    @Test
    void manyMessagesAreShortenedSoon() {
        String many = "{\"role\":\"user\",\"content\":\"a fox\"},".repeat(30_000);
        JsonObject shortened = chat("\"messages\":[" + many + "{\"role\":\"user\",\"content\":\"Once\"}],"
                + "\"max_tokens\":5,\"truncation\":\"auto\"");
        int context = server.scheduler.context();
        assertThat(shortened.getAsJsonObject("usage").get("prompt_tokens").getAsInt())
                .isBetween(context / 2, context - 5);
    }

    @Test
    void whatDoesNotFitIsRefusedOrShortened() {
        String words = "a fox and ".repeat(server.scheduler.context());
        String turns = "\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\""
                + words + "\"},{\"role\":\"user\",\"content\":\"Once upon a time\"}],\"max_tokens\":5";
        HttpResponse<String> refused = server.post(CHAT, "{" + turns + "}");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(TestServer.error(refused).get("code").getAsString()).isEqualTo("context_length_exceeded");
        JsonObject shortened = chat(turns + ",\"truncation\":\"auto\"");
        assertThat(shortened.get("dropped_messages").getAsInt()).isEqualTo(1);
        String late = turns.replace(
                "{\"role\":\"user\",\"content\":\"Once",
                "{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\",\"content\":\"Once");
        assertThat(chat(late + ",\"truncation\":\"auto\"")
                        .get("dropped_messages")
                        .getAsInt())
                .as("what the system says later stays as well")
                .isEqualTo(1);
        JsonObject text =
                TestServer.json(ask(TEXT, "\"prompt\":\"" + words + "\",\"max_tokens\":5,\"truncation\":\"auto\""));
        assertThat(text.get("dropped_tokens").getAsInt()).isPositive();
        assertThat(text.getAsJsonObject("usage").get("prompt_tokens").getAsInt())
                .isEqualTo(server.scheduler.context() - 5);
    }

    /** Dropping older messages has been tried then, so advice to do so would not help. */
    @Test
    void aLastMessageThatIsTooLongIsToBeShortened() {
        int context = server.scheduler.context();
        String last =
                "{\"role\":\"user\",\"content\":\"" + "a fox and ".repeat(context) + "\"}],\"truncation\":\"auto\"}";
        String older = "{\"role\":\"user\",\"content\":\"" + "and ".repeat(context) + "\"},";
        for (String before : List.of("", older)) {
            HttpResponse<String> refused = server.post(CHAT, "{\"messages\":[" + before + last);
            assertThat(refused.statusCode()).isEqualTo(400);
            JsonObject error = TestServer.error(refused);
            assertThat(error.get("code").getAsString()).isEqualTo("context_length_exceeded");
            assertThat(error.get("message").getAsString())
                    .matches("messages has \\d+ tokens" + (before.isEmpty() ? "" : " without the oldest messages")
                            + ", expected at most " + context + ", the context; shorten the last message, .*");
        }
    }

    @Test
    void anAnswerHasTheFormThatIsAskedFor() {
        String schema = "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":9},"
                + "\"ok\":{\"type\":\"boolean\"}},\"required\":[\"n\",\"ok\"],\"additionalProperties\":false}";
        JsonObject answer = chat(ONCE + ",\"seed\":1,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
                + "\"name\":\"it\",\"strict\":true,\"schema\":" + schema + "}}");
        assertThat(choice(answer, 0).get("finish_reason").getAsString()).isEqualTo("stop");
        JsonObject content = JsonParser.parseString(content(answer)).getAsJsonObject();
        assertThat(content.get("n").getAsInt()).isBetween(0, 9);
        assertThat(content.get("ok").getAsJsonPrimitive().isBoolean()).isTrue();
        JsonObject cut = chat(ONCE + ",\"seed\":1,\"max_tokens\":2,\"response_format\":{\"type\":\"json_object\"}");
        assertThat(choice(cut, 0).get("finish_reason").getAsString()).isEqualTo("length");
        assertThat(content(cut).strip()).startsWith("{");
    }
}
