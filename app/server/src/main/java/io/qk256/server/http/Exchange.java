package io.qk256.server.http;

import com.google.gson.JsonElement;
import com.google.gson.stream.JsonWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;

/** A request and its answer. Used by one thread, unless a method says otherwise. */
public final class Exchange {

    private static final String JSON = "application/json";

    private final Request request;
    private final Response response;
    private final Limits limits;
    private byte @Nullable [] body;
    private @Nullable Runnable cancel;
    private boolean cutOff;

    Exchange(Request request, Response response, Limits limits) {
        this.request = request;
        this.response = response;
        this.limits = limits;
    }

    /** The method, such as {@code GET}. */
    String method() {
        return request.getMethod();
    }

    /** The decoded path, without the query. */
    public String path() {
        return Request.getPathInContext(request);
    }

    /** The client's address, without the port. */
    public String client() {
        return Request.getRemoteAddr(request);
    }

    /** The value of a header; the first one if there are several. */
    Optional<String> header(HttpHeader name) {
        return Optional.ofNullable(request.getHeaders().get(name));
    }

    HttpFields headers() {
        return request.getHeaders();
    }

    /** Sets a header of the answer. */
    void put(HttpHeader name, String value) {
        response.getHeaders().put(name, value);
    }

    /** Sets a header of the answer. */
    public void header(String name, String value) {
        response.getHeaders().put(name, value);
    }

    /** Whether no byte of the request is left to read. */
    boolean isRead() {
        return body != null
                || (request.getLength() <= 0 && !request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING));
    }

    /** Closes the connection after the answer, because the rest of the request will not be read. */
    void closeAfterwards() {
        put(HttpHeader.CONNECTION, "close");
    }

    /**
     * The request's body, which must be JSON.
     *
     * @throws ApiException if it is larger or slower than the limits allow
     * @throws IOException if the client has left
     */
    public byte[] body() throws IOException {
        String type = header(HttpHeader.CONTENT_TYPE).orElse(JSON);
        if (!type.toLowerCase(Locale.ROOT).replaceFirst(";.*", "").strip().equals(JSON)) {
            throw ApiException.refused(
                    415,
                    null,
                    "unsupported_media_type",
                    "the header Content-Type names another type than JSON, expected"
                            + " 'Content-Type: application/json'");
        }
        if (body == null) {
            body = new BodyReader(request, limits).read();
        }
        return body;
    }

    /** Whether nothing of the answer has been sent yet. */
    boolean isOpen() {
        return !response.isCommitted();
    }

    /** Answers with JSON. */
    public void json(int status, JsonElement element) throws IOException {
        answer(status, JSON, Json.text(element));
    }

    /** Begins an answer of JSON that may be too large to be held as a whole. Only a complete one may be closed. */
    public JsonWriter jsonWriter(int status) {
        response.setStatus(status);
        put(HttpHeader.CONTENT_TYPE, JSON);
        OutputStream out = Content.Sink.asOutputStream(response);
        return new JsonWriter(new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8)));
    }

    /** Answers with text of a media type, in UTF-8. */
    public void answer(int status, String type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        put(HttpHeader.CONTENT_TYPE, type);
        put(HttpHeader.CONTENT_LENGTH, String.valueOf(bytes.length));
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            if (!method().equals("HEAD")) {
                out.write(bytes);
            }
        }
    }

    /** Answers with a status alone. */
    void empty(int status) {
        response.setStatus(status);
    }

    /** Answers with an error. */
    void refuse(ApiException refusal) throws IOException {
        refusal.retryAfter().ifPresent(seconds -> put(HttpHeader.RETRY_AFTER, String.valueOf(seconds)));
        json(refusal.status(), refusal.json());
    }

    /** Begins an answer of events. */
    public EventStream events() {
        response.setStatus(200);
        put(HttpHeader.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        return new EventStream(Content.Sink.asOutputStream(response));
    }

    /**
     * Notices when the client closes the connection, until the result is closed. The body must have been read.
     *
     * @param cancel called when the client leaves, and when the server cuts the answer off; by any thread; must not block
     */
    public Departure watch(Runnable cancel) {
        synchronized (this) {
            this.cancel = cancel;
            if (cutOff) {
                cancel.run();
            }
        }
        return Departure.watch(request, cancel);
    }

    /** Cancels the answer, because the server stops. Thread-safe. */
    synchronized void cutOff() {
        cutOff = true;
        if (cancel != null) {
            cancel.run();
        }
    }

    /**
     * What to tell the client of an answer that was cancelled.
     *
     * @throws IOException if the client has left
     */
    public synchronized ApiException cancelled() throws IOException {
        if (cutOff) {
            return ApiException.unavailable(
                    "stopping", 1, "the server is stopping, so the answer is not complete; ask again later");
        }
        throw new IOException("the client has left");
    }
}
