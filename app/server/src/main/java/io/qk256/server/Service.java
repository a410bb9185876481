package io.qk256.server;

import com.google.gson.JsonObject;
import io.qk256.server.api.KernelsEndpoint;
import io.qk256.server.api.ModelsEndpoint;
import io.qk256.server.http.ApiException;
import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import io.qk256.server.http.Gateway.Route;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The endpoints by path. Thread-safe. */
final class Service {

    private volatile @Nullable ServedModel served;

    void serve(ServedModel model) {
        served = model;
    }

    Map<String, Route> routes() {
        Map<String, Route> routes = new HashMap<>();
        routes.put("/health", Route.open(this::health));
        routes.put("/v1/models", Route.get(ready(model -> ModelsEndpoint.list(model.id(), model.since()))));
        routes.put("/v1/models/", Route.get(ready(model -> ModelsEndpoint.one(model.id(), model.since()))));
        routes.put("/kernels", Route.get(ready(model -> new KernelsEndpoint(model.kernels()))));
        return routes;
    }

    private void health(Exchange exchange) throws IOException {
        JsonObject json = new JsonObject();
        ServedModel model = served;
        json.addProperty("status", model == null ? "loading" : "ok");
        if (model != null) {
            json.addProperty("model", model.id());
            json.addProperty("kernel", model.kernel());
        }
        exchange.json(model == null ? 503 : 200, json);
    }

    private Endpoint ready(Function<ServedModel, Endpoint> endpoint) {
        return exchange -> {
            ServedModel model = served;
            if (model == null) {
                throw ApiException.unavailable("loading", 1, "the model is being loaded; try again");
            }
            endpoint.apply(model).handle(exchange);
        };
    }
}
