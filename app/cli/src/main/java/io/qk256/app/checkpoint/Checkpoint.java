package io.qk256.app.checkpoint;

import io.qk256.app.checkpoint.Safetensors.Tensor;
import io.qk256.spi.support.FileProblem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A directory with config.json and the weights in one or more safetensors files. Immutable and thread-safe. */
final class Checkpoint implements AutoCloseable {

    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final Path directory;
    private final Arena arena;
    private final JsonFile config;
    private final Map<String, Tensor> tensors;

    private Checkpoint(Path directory, Arena arena) throws IOException {
        this.directory = directory;
        this.arena = arena;
        requireFile(
                directory.resolve(CONFIG),
                "expected a GGUF file, or a directory with a checkpoint, which has " + CONFIG);
        this.config = JsonFile.read(directory.resolve(CONFIG));
        this.tensors = Collections.unmodifiableMap(tensors(directory, arena));
    }

    /**
     * Opens a directory.
     *
     * @throws IOException if a file is missing, cannot be read or is damaged
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the checkpoint, whose close() closes it.
    static Checkpoint open(Path directory) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            return new Checkpoint(directory, arena);
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static Map<String, Tensor> tensors(Path directory, Arena arena) throws IOException {
        Path index = directory.resolve(INDEX);
        if (!Files.exists(index)) {
            requireFile(directory.resolve(WEIGHTS), "expected it, or " + INDEX + " and the files that it names");
            return Safetensors.read(directory.resolve(WEIGHTS), arena);
        }
        JsonFile places = JsonFile.read(index).requireObject("weight_map");
        Set<String> files = new LinkedHashSet<>();
        for (String name : places.names()) {
            files.add(places.text(name).orElseThrow());
        }
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (String file : files) {
            if (!file.matches("[A-Za-z0-9._-]+")) {
                throw new IOException(index + ": names the file '" + file + "', expected one beside it");
            }
            requireFile(directory.resolve(file), INDEX + " names it, get it again");
            for (Tensor tensor :
                    Safetensors.read(directory.resolve(file), arena).values()) {
                if (file.equals(places.text(tensor.name()).orElse(""))) {
                    all.put(tensor.name(), tensor);
                }
            }
        }
        for (String name : places.names()) {
            if (!all.containsKey(name)) {
                throw new IOException(index + ": tensor " + name + " is not in "
                        + places.text(name).orElseThrow() + ", expected it there; get the files again");
            }
        }
        return all;
    }

    private static void requireFile(Path file, String advice) throws IOException {
        Optional<String> absence = FileProblem.absence(file);
        if (absence.isPresent()) {
            throw new IOException(file + ": " + absence.get() + "; " + advice);
        }
    }

    Path directory() {
        return directory;
    }

    JsonFile config() {
        return config;
    }

    /** Another JSON file of the directory, if it is there. */
    Optional<JsonFile> json(String name) throws IOException {
        Path file = directory.resolve(name);
        return Files.exists(file) ? Optional.of(JsonFile.read(file)) : Optional.empty();
    }

    Collection<Tensor> tensors() {
        return tensors.values();
    }

    Optional<Tensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public void close() {
        arena.close();
    }
}
