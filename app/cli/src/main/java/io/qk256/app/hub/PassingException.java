package io.qk256.app.hub;

import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A failure of the network or of a server that may be over when we try again. */
final class PassingException extends IOException {

    @Serial
    private static final long serialVersionUID = 1;

    private final transient Optional<Duration> wait;

    PassingException(String message, Optional<Duration> wait) {
        super(message);
        this.wait = wait;
    }

    PassingException(String message, @Nullable Throwable cause) {
        super(message, cause);
        this.wait = Optional.empty();
    }

    /** How long the server asks to wait. */
    Optional<Duration> waiting() {
        return wait;
    }
}
