package io.qk256.spi;

/** A kernel that cannot run here. The message says why and, after it, what to do; it is shown to users. */
public final class KernelUnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    /**
     * A kernel that cannot run here.
     *
     * @param reason what was seen, what was expected, what to do
     */
    public KernelUnavailableException(String reason) {
        super(reason);
    }

    /**
     * A kernel that cannot run here.
     *
     * @param reason what was seen, what was expected, what to do
     * @param cause what was thrown
     */
    public KernelUnavailableException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
