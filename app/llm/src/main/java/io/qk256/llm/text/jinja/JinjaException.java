package io.qk256.llm.text.jinja;

import java.util.Objects;

/** A template that cannot be parsed or run. The message names the construct and the line. */
public final class JinjaException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean isRefusal;

    private JinjaException(String message, boolean isRefusal) {
        super(message);
        this.isRefusal = isRefusal;
    }

    /** @param line of the template, from 1 */
    static JinjaException at(int line, String message) {
        return new JinjaException("line " + line + ": " + message, false);
    }

    /** The template itself has called {@code raise_exception}. */
    static JinjaException raised(String message) {
        return new JinjaException(message, true);
    }

    /** Whether the template runs but refuses these messages; the exception's message is then the template's. */
    public boolean isRefusal() {
        return isRefusal;
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
