package io.qk256.server;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.LoadOptions;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.serving.SchedulerOptions;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.server.http.Limits;
import io.qk256.spi.Kernel;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.testing.Fixtures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A server with the small model on a free port, and what a client does with it. */
final class TestServer implements AutoCloseable {

    static final String KEY = "0123456789abcdef";
    static final String JSON = "application/json";

    /** Tools take many tokens of this model's small vocabulary. */
    private static final int SCRIPTED_CONTEXT = 8000;

    final ModelServer server;
    final LanguageModel model;
    final Scheduler scheduler;
    final List<String> log = new CopyOnWriteArrayList<>();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private TestServer(ServerOptions options, Limits limits, SchedulerOptions capacity, @Nullable Script script)
            throws IOException {
        server = ModelServer.start(options.withPort(0), limits, log::add);
        model = LanguageModel.of(Fixtures.demo(), LoadOptions.usual());
        scheduler = Scheduler.start(model, kernel(), capacity);
        Tokenizer tokenizer = model.tokenizer();
        ServedModel served = new ServedModel(
                "demo",
                model,
                script == null ? ChatTemplate.of(tokenizer) : ChatTemplate.ofSource(Script.TEMPLATE, tokenizer),
                scheduler,
                Pooling.MEAN,
                Duration.ZERO,
                new ServedModel.ServedKernel("test", "it is there", "{\"kernels\": []}"),
                Instant.EPOCH);
        if (script == null) {
            server.serve(served);
        } else {
            server.serve(served, (request, listener) -> scheduler.submit(script.held(request, tokenizer), listener));
        }
    }

    static Kernel kernel() {
        return KernelSelector.selectFirst(
                        KernelSource.find(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE)
                .kernel();
    }

    static TestServer start() {
        return start(ServerOptions.usual());
    }

    static TestServer start(ServerOptions options) {
        return start(options, Limits.usual());
    }

    static TestServer start(ServerOptions options, Limits limits) {
        return start(options, limits, UnaryOperator.identity());
    }

    static TestServer start(ServerOptions options, Limits limits, UnaryOperator<SchedulerOptions> capacity) {
        return start(options, limits, capacity, null);
    }

    /** A server whose model has a template with tools, and gives the answers of a script. */
    static TestServer scripted(Script script) {
        return start(ServerOptions.usual(), Limits.usual(), capacity -> capacity.withContext(SCRIPTED_CONTEXT), script);
    }

    private static TestServer start(
            ServerOptions options, Limits limits, UnaryOperator<SchedulerOptions> capacity, @Nullable Script script) {
        try {
            return new TestServer(
                    options,
                    limits,
                    capacity.apply(SchedulerOptions.withThreads(1).withDrain(Duration.ZERO)),
                    script);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The official client. */
    OpenAIClient openAi(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl("http://127.0.0.1:" + port() + "/v1")
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    int port() {
        return server.port();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
    }

    HttpResponse<String> get(String path) {
        return send(request(path).build());
    }

    HttpResponse<String> post(String path, String body) {
        return send(request(path)
                .header("Content-Type", JSON)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    HttpResponse<String> send(HttpRequest request) {
        try {
            return client.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The JSON of an answer. */
    static JsonObject json(HttpResponse<String> response) {
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    /** The error of an answer. */
    static JsonObject error(HttpResponse<String> response) {
        return json(response).getAsJsonObject("error");
    }

    /** The JSON of the events of a stream, without the last one, which says that it is complete. */
    static List<JsonObject> events(HttpResponse<String> response) {
        List<JsonObject> events = new ArrayList<>();
        List<String> lines =
                response.body().lines().filter(line -> !line.isEmpty()).toList();
        for (String line : lines.subList(0, lines.size() - 1)) {
            events.add(JsonParser.parseString(line.substring("data: ".length())).getAsJsonObject());
        }
        if (!lines.getLast().equals("data: [DONE]")) {
            throw new AssertionError("the stream ends with " + lines.getLast());
        }
        return events;
    }

    static ServerOptions withKey() {
        return new ServerOptions("127.0.0.1", 0, Optional.of(KEY), List.of(), List.of());
    }

    @Override
    public void close() {
        server.close();
        scheduler.close();
        model.close();
        client.close();
    }
}
