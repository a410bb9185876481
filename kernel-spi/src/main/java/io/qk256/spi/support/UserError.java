package io.qk256.spi.support;

import java.util.Objects;

/**
 * A mistake of the user: a wrong value of an option, options that contradict each other, an unknown name. It is the only
 * exception that a command line answers with exit code 2. The message says what was seen, what is expected and what to do,
 * and needs no stack trace to be understood.
 *
 * <p>Callers of the library catch it as the {@link IllegalArgumentException} that it is. To a command line, a plain one would say
 * that the program made the mistake, and an {@link java.io.IOException} that a file did.
 */
public final class UserError extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    /** A mistake, told in full by the message. */
    public UserError(String message) {
        super(message);
    }

    /** A mistake that something else noticed. */
    public UserError(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
