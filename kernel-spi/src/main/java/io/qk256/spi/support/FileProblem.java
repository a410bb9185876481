package io.qk256.spi.support;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * Says why a file could not be read or written. The JDK's own messages contain either the file name or the reason,
 * rarely both.
 */
public final class FileProblem {

    private FileProblem() {}

    /** Returns the reason in words, without the file name. */
    public static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof NotDirectoryException) {
            return "a part of the path is not a directory";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof CharacterCodingException) {
            return "it is not UTF-8 text";
        }
        if (e instanceof FileSystemException problem && problem.getReason() != null) {
            return PrintableText.line(problem.getReason());
        }
        String message = e instanceof FileSystemException || e instanceof FileNotFoundException ? null : e.getMessage();
        return message == null ? e.getClass().getSimpleName() : PrintableText.line(message);
    }

    /** Returns why there is no regular file of this name, as far as this user can see; empty if there is one. */
    public static Optional<String> absence(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.isRegularFile()
                    ? Optional.empty()
                    : Optional.of(attributes.isDirectory() ? "it is a directory" : "it is not a regular file");
        } catch (IOException e) {
            return Optional.of(reason(e));
        }
    }

    /** Returns an exception saying that this file cannot be read, and why. */
    public static IOException reading(Path file, IOException e) {
        String advice = e instanceof AccessDeniedException ? "; grant yourself permission to read it" : "";
        return new IOException(name(file) + ": cannot be read: " + reason(e) + advice, e);
    }

    /** Returns an exception saying that this file cannot be written, and why. */
    static IOException writing(String file, IOException e) {
        return writing(file, reason(e), e);
    }

    static IOException writing(String file, String reason, IOException e) {
        return new IOException(file + ": cannot be written: " + reason + "; choose another location", e);
    }

    static String name(Path file) {
        return PrintableText.line(file.toString());
    }
}
