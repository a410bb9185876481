package io.qk256.app.commands;

import io.qk256.spi.support.Environment;
import io.qk256.spi.support.PrintableText;

/** The script that has started the application. */
final class Launcher {

    /** Set by the script: its name as the user typed it. */
    private static final String COMMAND = "qk256.command";

    private Launcher() {}

    /** What to type, such as {@code ./qk256} or {@code bin/qk256}. */
    static String name() {
        return Environment.property(COMMAND).map(PrintableText::line).orElse("qk256");
    }
}
