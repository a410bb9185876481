package io.qk256.llm.json;

import java.util.Objects;

/** Thrown for text that is not JSON, or exceeds a limit. The message says what was seen, where, and what was expected. */
public final class JsonException extends RuntimeException {

    private static final long serialVersionUID = 1;

    JsonException(String message) {
        super(message);
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
