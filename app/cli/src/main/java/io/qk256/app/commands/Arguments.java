package io.qk256.app.commands;

import io.qk256.spi.support.Environment;
import io.qk256.spi.support.UserError;
import java.util.Optional;
import java.util.OptionalInt;

/** What is read before the options are parsed: the arguments as a whole, and the width of the terminal. */
final class Arguments {

    /** Stands for a byte of an argument that the JVM could not decode. */
    private static final char REPLACEMENT = '\ufffd';

    private static final int LEAST_COLUMNS = 60;
    private static final int MOST_COLUMNS = 200;

    private Arguments() {}

    /**
     * Refuses arguments that the JVM could not decode, rather than use wrong ones.
     *
     * @throws UserError if there is such an argument
     */
    static void requireText(String... arguments) {
        for (String argument : arguments) {
            if (argument.indexOf(REPLACEMENT) >= 0) {
                throw new UserError("the argument '" + argument + "' holds bytes that are not text in this locale ("
                        + Environment.property("sun.jnu.encoding").orElse("unknown")
                        + "); set a UTF-8 locale, such as LC_ALL=C.UTF-8, or pass a prompt with -f FILE");
            }
        }
    }

    /** The maximum width of help texts, if {@code COLUMNS} gives it. */
    static OptionalInt columns() {
        return columns(Environment.variable("COLUMNS"));
    }

    static OptionalInt columns(Optional<String> variable) {
        String text = variable.orElse("");
        return text.matches("[0-9]{1,6}")
                ? OptionalInt.of(Math.clamp(Integer.parseInt(text), LEAST_COLUMNS, MOST_COLUMNS))
                : OptionalInt.empty();
    }
}
