package io.qk256.app.commands;

/** What the exit codes mean; {@code --help} lists them. */
final class ExitCode {

    static final int OK = 0;

    /** A check found a wrong value, a file could not be read, or no kernel is usable. */
    static final int FAILED = 1;

    /** An option, a name or a file name is wrong. */
    static final int USAGE = 2;

    /** The kernel that was forced or required is not the selected one. */
    static final int OTHER_KERNEL = 3;

    /** A comparison found a kernel slower than before, beyond noise. */
    static final int REGRESSION = 4;

    /** Ctrl-C, as shells have it. */
    static final int INTERRUPTED = 130;

    private ExitCode() {}
}
