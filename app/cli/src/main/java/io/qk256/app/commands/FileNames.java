package io.qk256.app.commands;

import io.qk256.spi.support.UserError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.TypeConversionException;

/** File names given by the user as text. */
final class FileNames {

    private FileNames() {}

    /**
     * Returns the path of a name.
     *
     * @param given the option or variable, with its value
     * @throws UserError if the name is not valid on this system
     */
    static Path path(String given, String name) {
        try {
            return path(name);
        } catch (TypeConversionException e) {
            throw new UserError(given + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns the path named by an option or a parameter. An empty name is refused: it is most often an unset variable of a
     * script, and Java would take it for the current directory.
     */
    static Path path(String name) {
        if (name.isEmpty()) {
            throw new TypeConversionException("'' is not a file name (. is the current directory)");
        }
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            TypeConversionException wrong = new TypeConversionException("is not a file name here: " + e.getMessage());
            wrong.initCause(e);
            throw wrong;
        }
    }
}
