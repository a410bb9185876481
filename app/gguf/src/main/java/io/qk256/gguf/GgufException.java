package io.qk256.gguf;

import java.io.IOException;

/** A GGUF file cannot be read. The message says where, what was seen, what was expected, and what to do. */
public final class GgufException extends IOException {

    private static final long serialVersionUID = 1;

    /** A failure that no single byte of the file shows. */
    public GgufException(String message) {
        super(message);
    }

    /**
     * A failure at one place.
     *
     * @param file name of the file
     * @param offset byte in the file where the wrong value starts
     * @param seen what it is, with its value
     * @param expected the value or the limit that was expected
     * @param advice what to do
     */
    static GgufException at(String file, long offset, String seen, String expected, String advice) {
        return new GgufException(file + ", byte " + offset + ": " + seen + ", expected " + expected + "; " + advice);
    }
}
