package io.qk256.spi;

/** Thrown if a kernel cannot run here. The message says why, then what to do; it is shown to users. */
public final class KernelUnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    /**
     * Creates the exception.
     *
     * @param reason what was seen, what was expected, what to do
     */
    public KernelUnavailableException(String reason) {
        super(reason);
    }

    /**
     * Creates the exception.
     *
     * @param reason what was seen, what was expected, what to do
     * @param cause the underlying exception
     */
    public KernelUnavailableException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
