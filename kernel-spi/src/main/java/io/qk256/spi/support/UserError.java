package io.qk256.spi.support;

import java.util.Objects;

/**
 * A user's mistake: a wrong option value, options that contradict each other, an unknown name. It is the only
 * exception for which a command line exits with code 2. The message says what was seen, what is expected and what to
 * do, and needs no stack trace.
 *
 * <p>Callers of the library can catch it as an {@link IllegalArgumentException}. For a command line, a plain
 * {@code IllegalArgumentException} means a bug in the program, and an {@link java.io.IOException} a problem with a
 * file.
 */
public final class UserError extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    /** Creates an error whose message says everything. */
    public UserError(String message) {
        super(message);
    }

    /** Creates an error that was detected by an exception. */
    public UserError(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
