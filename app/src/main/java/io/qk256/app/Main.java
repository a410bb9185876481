package io.qk256.app;

import io.qk256.app.commands.Qk256Command;

/** Starts the command line. */
public final class Main {

    private Main() {}

    /** Runs the command that the arguments name, and exits with its code. */
    public static void main(String[] args) {
        System.exit(Qk256Command.run(args));
    }
}
