package io.qk256.app.bench;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Results saved under a name, each as a JSON file in one directory.
 *
 * @param directory created when something is saved
 */
public record Baselines(Path directory) {

    private static final String SUFFIX = ".json";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    /**
     * Checks a name.
     *
     * @throws UserError if it could refer to a file outside the directory
     */
    public static String requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new UserError(
                    "'" + name
                            + "' is not a name for results; expected letters, digits, '.', '_' and '-', as in main or 2026-11-22");
        }
        return name;
    }

    /** The file for results of this name. */
    public OutputFile file(String name) {
        return OutputFile.in(directory, requireName(name) + SUFFIX);
    }

    /** Saves results; replaces earlier ones of the same name. */
    public void save(String name, BenchResults results) throws IOException {
        String json = new GsonBuilder()
                .setPrettyPrinting()
                .serializeNulls()
                .disableHtmlEscaping()
                .create()
                .toJson(BenchJson.write(results));
        file(name).write(json + "\n");
    }

    /**
     * Loads saved results.
     *
     * @throws UserError if there are none of this name
     * @throws IOException if the file is damaged
     */
    public BenchResults load(String name) throws IOException {
        Path file = directory.resolve(requireName(name) + SUFFIX);
        if (!Files.isRegularFile(file)) {
            List<String> names = names();
            throw new UserError("no results are named '" + name + "' in " + directory + "; "
                    + (names.isEmpty() ? "save some with --save " + name : "there are: " + String.join(", ", names)));
        }
        try {
            return BenchJson.read(JsonParser.parseString(Files.readString(file)));
        } catch (JsonParseException e) {
            throw new IOException(file + ": " + e.getMessage() + "; save it again", e);
        } catch (IOException e) {
            throw FileProblem.reading(file, e);
        }
    }

    private List<String> names() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(SUFFIX))
                    .map(file -> file.substring(0, file.length() - SUFFIX.length()))
                    .sorted()
                    .toList();
        }
    }
}
