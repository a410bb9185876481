package io.qk256.server.http;

import java.io.IOException;

/** Answers the requests to a path. Called by a virtual thread, which it may block. */
@FunctionalInterface
public interface Endpoint {

    /**
     * Answers a request.
     *
     * @throws ApiException if the request is refused, or cannot be answered
     * @throws IOException if the client has left
     */
    void handle(Exchange exchange) throws IOException;
}
