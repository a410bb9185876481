package io.qk256.app.commands;

import io.qk256.spi.support.Environment;
import io.qk256.spi.support.UserError;
import java.util.Optional;
import java.util.OptionalInt;

/** What is read before the options are: the arguments as a whole, and the width of the terminal. */
final class Arguments {

    /** Where the JVM could not read a byte of an argument. */
    private static final char REPLACEMENT = '\ufffd';

    private static final int LEAST_COLUMNS = 60;
    private static final int MOST_COLUMNS = 200;

    private Arguments() {}

    /**
     * Refuses arguments that the JVM could not read, rather than take other ones.
     *
     * @throws UserError if there is one
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

    /** How wide help may be, if {@code COLUMNS} says it. */
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
