package io.qk256.server.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Answers what is not even HTTP, or too long for its limits, in the form of all errors. Repeats nothing of the request. */
public final class BadRequests implements Request.Handler {

    private final Limits limits;

    /** Creates a handler that knows the limits it tells. */
    public BadRequests(Limits limits) {
        this.limits = limits;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        String message = switch (status) {
            case HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431, HttpStatus.URI_TOO_LONG_414 ->
                "the request's line and headers have more than " + limits.headerBytes()
                        + " bytes, the limit; send fewer";
            case HttpStatus.INTERNAL_SERVER_ERROR_500 -> "the server failed";
            default -> "the request is not valid HTTP: " + HttpStatus.getMessage(status);
        };
        ApiException error = status >= HttpStatus.INTERNAL_SERVER_ERROR_500
                ? ApiException.failed(message)
                : ApiException.refused(status, null, "bad_request", message);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
        response.write(true, ByteBuffer.wrap(Json.text(error.json()).getBytes(StandardCharsets.UTF_8)), callback);
        return true;
    }
}
