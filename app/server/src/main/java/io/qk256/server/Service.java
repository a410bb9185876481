package io.qk256.server;

import com.google.gson.JsonObject;
import io.qk256.llm.serving.SchedulerStatus;
import io.qk256.server.api.Backend;
import io.qk256.server.api.ChatEndpoint;
import io.qk256.server.api.CompletionsEndpoint;
import io.qk256.server.api.EmbeddingsEndpoint;
import io.qk256.server.api.KernelsEndpoint;
import io.qk256.server.api.MetricsEndpoint;
import io.qk256.server.api.ModelsEndpoint;
import io.qk256.server.api.TokensEndpoint;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import io.qk256.server.http.Gateway.Route;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The endpoints by path. Until there is a model, they answer that they are not ready. Thread-safe. */
final class Service {

    private volatile @Nullable Ready ready;

    /** A model and its endpoints. */
    private record Ready(ServedModel model, Map<String, Endpoint> endpoints) {}

    void serve(ServedModel model, Backend.Completions completions) {
        ready = new Ready(model, endpoints(model, completions));
    }

    private static Map<String, Endpoint> endpoints(ServedModel model, Backend.Completions completions) {
        Backend backend = Backend.of(
                model.id(),
                model.model(),
                model.template(),
                model.scheduler(),
                completions,
                model.pooling(),
                model.timeout());
        return Map.of(
                "/v1/chat/completions", new ChatEndpoint(backend),
                "/v1/completions", new CompletionsEndpoint(backend),
                "/v1/embeddings", new EmbeddingsEndpoint(backend),
                "/v1/models", ModelsEndpoint.list(model.id(), model.since()),
                "/v1/models/", ModelsEndpoint.one(model.id(), model.since()),
                "/tokenize", TokensEndpoint.encode(backend),
                "/detokenize", TokensEndpoint.decode(backend),
                "/metrics", new MetricsEndpoint(backend, model.kernel().name()),
                "/kernels", new KernelsEndpoint(model.kernel().all()));
    }

    Map<String, Route> routes() {
        Map<String, Route> routes = new HashMap<>(Page.routes());
        routes.put("/health", Route.open(this::health));
        for (String path :
                new String[] {"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/tokenize", "/detokenize"
                }) {
            routes.put(path, Route.post(exchange -> handle(path, exchange)));
        }
        for (String path : new String[] {"/v1/models", "/v1/models/", "/metrics", "/kernels"}) {
            routes.put(path, Route.get(exchange -> handle(path, exchange)));
        }
        return routes;
    }

    private void handle(String path, Exchange exchange) throws IOException {
        Ready now = ready;
        if (now == null) {
            throw ApiException.unavailable("loading", 1, "the model is being loaded; try again");
        }
        Objects.requireNonNull(now.endpoints().get(path)).handle(exchange);
    }

    private void health(Exchange exchange) throws IOException {
        JsonObject json = new JsonObject();
        Ready now = ready;
        json.addProperty("status", now == null ? "loading" : "ok");
        if (now != null) {
            ServedModel model = now.model();
            SchedulerStatus status = model.scheduler().status();
            json.addProperty("model", model.id());
            json.addProperty("kernel", model.kernel().name());
            json.addProperty("why", model.kernel().why());
            json.addProperty("context", status.context());
            json.addProperty("running", status.running());
            json.addProperty("waiting", status.waiting());
        }
        exchange.json(now == null ? 503 : 200, json);
    }
}
