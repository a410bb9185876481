package io.qk256.spi.support;

import java.io.IOException;

/** Whoever was to read what is written has gone: no fault, and nothing to say, as nobody listens. */
public final class ClosedPipeException extends IOException {

    private static final long serialVersionUID = 1;

    ClosedPipeException(IOException cause) {
        super("the reader of the pipe has gone", cause);
    }
}
