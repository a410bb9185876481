package io.qk256.spi.support;

import java.io.IOException;

/** The reader of a pipe is gone. This is not an error, and nothing is reported, because nobody would read it. */
public final class ClosedPipeException extends IOException {

    private static final long serialVersionUID = 1;

    ClosedPipeException(IOException cause) {
        super("the reader of the pipe has gone", cause);
    }
}
