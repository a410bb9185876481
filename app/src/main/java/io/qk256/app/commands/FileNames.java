package io.qk256.app.commands;

import io.qk256.spi.support.UserError;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

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
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new UserError(given + ": is no name of a file here: " + e.getMessage(), e);
        }
    }
}
