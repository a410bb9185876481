package io.qk256.server;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.LoadOptions;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.serving.SchedulerOptions;
import io.qk256.llm.text.ChatTemplate;
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

/** A server with the small model on a free port, and what a client does with it. */
final class TestServer implements AutoCloseable {

    static final String KEY = "0123456789abcdef";
    static final String JSON = "application/json";

    final ModelServer server;
    final LanguageModel model;
    final Scheduler scheduler;
    final List<String> log = new CopyOnWriteArrayList<>();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private TestServer(ServerOptions options, Limits limits, SchedulerOptions capacity) throws IOException {
        server = ModelServer.start(options.withPort(0), limits, log::add);
        model = LanguageModel.of(Fixtures.demo(), LoadOptions.usual());
        scheduler = Scheduler.start(model, kernel(), capacity);
        server.serve(new ServedModel(
                "demo",
                model,
                ChatTemplate.of(model.tokenizer()),
                scheduler,
                Pooling.MEAN,
                Duration.ZERO,
                new ServedModel.ServedKernel("test", "it is there", "{\"kernels\": []}"),
                Instant.EPOCH));
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
        try {
            return new TestServer(
                    options,
                    limits,
                    capacity.apply(SchedulerOptions.withThreads(1).withDrain(Duration.ZERO)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
