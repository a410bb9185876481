package io.qk256.server.http;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A request that is not answered, as an HTTP status and an error object in OpenAI's form. The message says what was seen, what
 * is expected, and what to do.
 */
public final class ApiException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final @Nullable String code;
    private final @Nullable String param;
    private final int retryAfter;

    private ApiException(
            int status, String type, @Nullable String code, @Nullable String param, int retryAfter, String message) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.code = code;
        this.param = param;
        this.retryAfter = retryAfter;
    }

    /** The request is wrong: 400. */
    public static ApiException invalid(@Nullable String param, String code, String message) {
        return refused(400, param, code, message);
    }

    /** The request is wrong in a way that has a status of its own. */
    public static ApiException refused(int status, @Nullable String param, String code, String message) {
        return new ApiException(status, "invalid_request_error", code, param, 0, message);
    }

    /** The key is missing or wrong: 401. */
    public static ApiException unauthorized(String message) {
        return new ApiException(401, "authentication_error", "invalid_api_key", null, 0, message);
    }

    /** The page that sends the request may not: 403. */
    public static ApiException forbidden(String code, String message) {
        return new ApiException(403, "permission_error", code, null, 0, message);
    }

    /** Too many requests are waiting: 429. */
    public static ApiException tooMany(int retryAfter, String message) {
        return new ApiException(429, "rate_limit_error", "queue_full", null, retryAfter, message);
    }

    /** The server cannot answer now: 503. */
    public static ApiException unavailable(String code, int retryAfter, String message) {
        return new ApiException(503, "server_error", code, null, retryAfter, message);
    }

    /** The server failed: 500. */
    public static ApiException failed(String message) {
        return new ApiException(500, "server_error", "internal_error", null, 0, message);
    }

    /** The request took longer than the server allows: 504. */
    public static ApiException late(String message) {
        return new ApiException(504, "server_error", "timeout", null, 0, message);
    }

    int status() {
        return status;
    }

    /** Seconds after which trying again makes sense. */
    OptionalInt retryAfter() {
        return retryAfter == 0 ? OptionalInt.empty() : OptionalInt.of(retryAfter);
    }

    /** The error object: {@code {"error": {...}}}. */
    public JsonObject json() {
        JsonObject error = new JsonObject();
        error.addProperty("message", getMessage());
        error.addProperty("type", type);
        if (param == null) {
            error.add("param", JsonNull.INSTANCE);
        } else {
            error.addProperty("param", param);
        }
        error.addProperty("code", code);
        JsonObject root = new JsonObject();
        root.add("error", error);
        return root;
    }
}
