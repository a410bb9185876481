package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Pooling;
import io.qk256.server.http.Limits;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Everything but completions. */
class OtherEndpointsTest {

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

    private static JsonObject ask(String path, String body) {
        HttpResponse<String> response = server.post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return TestServer.json(response);
    }

    @Test
    void modelsAreListed() {
        JsonObject model = TestServer.json(server.get("/v1/models"))
                .getAsJsonArray("data")
                .get(0)
                .getAsJsonObject();
        assertThat(model.get("id").getAsString()).isEqualTo("demo");
        assertThat(TestServer.json(server.get("/v1/models/demo"))).isEqualTo(model);
    }

    @Test
    void healthTellsTheKernelAndWhy() throws IOException {
        JsonObject health = TestServer.json(server.get("/health"));
        assertThat(health.get("status").getAsString()).isEqualTo("ok");
        assertThat(health.get("kernel").getAsString()).isEqualTo("test");
        assertThat(health.get("why").getAsString()).isEqualTo("it is there");
        try (ModelServer empty = ModelServer.start(ServerOptions.usual().withPort(0), Limits.usual(), line -> {})) {
            HttpResponse<String> response =
                    server.send(java.net.http.HttpRequest.newBuilder(java.net.URI.create(empty.address() + "/health"))
                            .build());
            assertThat(response.statusCode()).isEqualTo(503);
            assertThat(TestServer.json(response).get("status").getAsString()).isEqualTo("loading");
        }
    }

    @Test
    void kernelsAreShownAsTheyAreGiven() {
        assertThat(TestServer.json(server.get("/kernels")).getAsJsonArray("kernels"))
                .isEmpty();
    }

    @Test
    void textBecomesTokensAndText() {
        JsonArray tokens =
                ask("/tokenize", "{\"content\":\"Once upon a time\"}").getAsJsonArray("tokens");
        assertThat(tokens).isNotEmpty();
        JsonObject back = ask("/detokenize", "{\"tokens\":" + tokens + "}");
        assertThat(back.get("content").getAsString()).isEqualTo("Once upon a time");
        JsonObject piece = ask("/tokenize", "{\"content\":\"Once\",\"with_pieces\":true}")
                .getAsJsonArray("tokens")
                .get(0)
                .getAsJsonObject();
        assertThat(piece.get("id")).isEqualTo(tokens.get(0));
        assertThat(server.post("/detokenize", "{\"tokens\":[99999999]}").statusCode())
                .isEqualTo(400);
    }

    /** Such an answer, held as a whole, once took more memory than there was. */
    @Test
    void manyTokensAreWrittenOneByOne() {
        HttpResponse<String> response =
                server.post("/tokenize", "{\"content\":\"" + "<é\\n".repeat(20_000) + "\",\"with_pieces\":true}");
        assertThat(response.headers().firstValue("Content-Type")).contains(TestServer.JSON);
        assertThat(response.headers().firstValue("Content-Length")).isEmpty();
        JsonArray expected = new JsonArray();
        for (int token : server.model.tokenizer().encode("<é\n".repeat(20_000), false, false)) {
            JsonObject piece = new JsonObject();
            piece.addProperty("id", token);
            piece.addProperty("piece", server.model.tokenizer().describe(token));
            expected.add(piece);
        }
        assertThat(response.body().equals("{\"tokens\":" + expected + "}")).isTrue();
    }

    @Test
    void vectorsAreThoseOfTheEngine() {
        JsonArray data = ask("/v1/embeddings", "{\"input\":[\"A fox\",\"A forest\"],\"model\":\"demo\"}")
                .getAsJsonArray("data");
        try (Engine engine = server.model.engine(TestServer.kernel(), EngineOptions.withThreads(1))) {
            float[][] expected = server.model.embed(engine, List.of("A fox", "A forest"), Pooling.MEAN);
            for (int i = 0; i < expected.length; i++) {
                JsonArray vector = data.get(i).getAsJsonObject().getAsJsonArray("embedding");
                for (int j = 0; j < expected[i].length; j++) {
                    assertThat(vector.get(j).getAsFloat()).isCloseTo(expected[i][j], within(0f));
                }
            }
            String base64 = ask("/v1/embeddings", "{\"input\":\"A fox\",\"encoding_format\":\"base64\"}")
                    .getAsJsonArray("data")
                    .get(0)
                    .getAsJsonObject()
                    .get("embedding")
                    .getAsString();
            float[] decoded = new float[expected[0].length];
            ByteBuffer.wrap(Base64.getDecoder().decode(base64))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(decoded);
            assertThat(decoded).isEqualTo(expected[0]);
        }
        assertThat(server.post("/v1/embeddings", "{\"input\":\"A fox\",\"dimensions\":3}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.post("/v1/embeddings", "{\"input\":[]}").statusCode()).isEqualTo(400);
    }

    @Test
    void metricsCount() {
        ask("/v1/completions", "{\"prompt\":\"Once\",\"max_tokens\":3}");
        HttpResponse<String> response = server.get("/metrics");
        assertThat(response.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain; version=0.0.4");
        assertThat(response.body())
                .contains("# TYPE qk256_requests_waiting gauge\n", "qk256_info{model=\"demo\",kernel=\"test\"} 1\n")
                .contains("qk256_batch_size_bucket{le=\"+Inf\"}", "qk256_time_to_first_token_seconds_count");
        response.body()
                .lines()
                .forEach(line ->
                        assertThat(line).matches("# (HELP|TYPE) qk256_[a-z_]+ .+|qk256_[a-z_]+(\\{.+})? [0-9.E+-]+"));
    }

    @Test
    void thePageLoadsNothingFromElsewhere() {
        HttpResponse<String> page = server.get("/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'", "script-src 'self'");
        for (String path : List.of("/", "/page.js", "/page.css")) {
            String text = server.get(path).body();
            assertThat(text).isNotEmpty().doesNotContain("http:", "https:", "//cdn", "innerHTML", "eval(", "<script>");
        }
        assertThat(page.body()).contains("page.js", "page.css");
    }
}
