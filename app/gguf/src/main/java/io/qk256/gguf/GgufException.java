package io.qk256.gguf;

import java.io.IOException;

/** Thrown if a GGUF file cannot be read. The message says where, what was seen, what was expected, and what to do. */
public final class GgufException extends IOException {

    private static final long serialVersionUID = 1;

    /** A failure that is not tied to a single byte of the file. */
    public GgufException(String message) {
        super(message);
    }

    /**
     * A failure at one byte of the file.
     *
     * @param file name of the file
     * @param offset offset in bytes of the wrong value
     * @param seen the wrong field and its value
     * @param expected the expected value or limit
     * @param advice what to do
     */
    static GgufException at(String file, long offset, String seen, String expected, String advice) {
        return new GgufException(file + ", byte " + offset + ": " + seen + ", expected " + expected + "; " + advice);
    }
}
