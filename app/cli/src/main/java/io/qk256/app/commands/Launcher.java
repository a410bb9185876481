package io.qk256.app.commands;

import io.qk256.spi.support.Environment;
import io.qk256.spi.support.PrintableText;

/** The script that started the application. */
final class Launcher {

    /** System property set by the script: its name as the user typed it. */
    private static final String COMMAND = "qk256.command";

    private Launcher() {}

    /** The command to type, such as {@code ./qk256} or {@code bin/qk256}. */
    static String name() {
        return Environment.property(COMMAND).map(PrintableText::line).orElse("qk256");
    }
}
