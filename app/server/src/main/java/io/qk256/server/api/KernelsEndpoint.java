package io.qk256.server.api;

import io.qk256.server.http.Endpoint;
import io.qk256.server.http.Exchange;
import java.io.IOException;

/** Shows the kernels of the machine and why each was selected or not. */
public final class KernelsEndpoint implements Endpoint {

    private final String json;

    /** Creates an endpoint that answers with this JSON. */
    public KernelsEndpoint(String json) {
        this.json = json;
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        exchange.answer(200, "application/json", json);
    }
}
