package io.qk256.app.commands;

/** The exit codes; {@code --help} lists them. */
final class ExitCode {

    static final int OK = 0;

    /** A check found a wrong value, a file could not be read, written or downloaded, or no kernel is usable. */
    static final int FAILED = 1;

    /** Wrong usage: an option, or the name of a kernel, a file or a model. */
    static final int USAGE = 2;

    /** The forced or required kernel was not selected. */
    static final int OTHER_KERNEL = 3;

    /** A comparison found a kernel slower than before, beyond noise. */
    static final int REGRESSION = 4;

    /** Ctrl-C, the value that shells use. */
    static final int INTERRUPTED = 130;

    /** The signal TERM, the value that shells use. */
    static final int TERMINATED = 143;

    private ExitCode() {}
}
