package io.qk256.app.commands;

import io.qk256.spi.support.UserError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.TypeConversionException;

/** Names of files that the user has given as text. */
final class FileNames {

    private FileNames() {}

    /**
     * The path.
     *
     * @param given the option or variable, with its value
     * @throws UserError if this system has no such names
     */
    static Path path(String given, String name) {
        try {
            return path(name);
        } catch (TypeConversionException e) {
            throw new UserError(given + ": " + e.getMessage(), e);
        }
    }

    /**
     * The path that an option or a parameter names. An empty name is most often a variable of a script that was not set; Java
     * would take it for the current directory.
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
