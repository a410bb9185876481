package io.qk256.app.hub;

import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The cache that the hub's own tools keep on this machine, in their layout:
 *
 * <pre>
 * models--OWNER--REPO/blobs/HASH               the bytes
 * models--OWNER--REPO/snapshots/COMMIT/FILE    links to them
 * models--OWNER--REPO/refs/main                the newest COMMIT that was asked for
 * </pre>
 *
 * <p>Thread-safe; several processes may share it.
 */
public final class HubCache {

    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{7,64}");
    private static final int LONGEST_REF = 1000;
    private static final int DEEPEST = 32;

    private final Path directory;

    HubCache(Path directory) {
        this.directory = directory;
    }

    /**
     * The cache that the environment names, by the rules of {@code huggingface_hub}: {@code HF_HUB_CACHE}, {@code
     * HUGGINGFACE_HUB_CACHE}, else {@code hub} in {@code HF_HOME}, else in {@code huggingface} in {@code XDG_CACHE_HOME},
     * which is {@code ~/.cache} if it is not set.
     *
     * @param environment reads a variable
     * @param userHome the user's home directory
     * @throws UserError if a variable names no directory of this system
     */
    public static HubCache of(Function<String, Optional<String>> environment, String userHome) {
        Function<String, Optional<Path>> path =
                variable -> environment.apply(variable).map(value -> {
                    boolean home = value.equals("~") || value.startsWith("~/");
                    try {
                        return Path.of(home ? userHome + value.substring(1) : value);
                    } catch (InvalidPathException e) {
                        throw new UserError(
                                variable + "=" + value + ": is no name of a directory here: " + e.getMessage(), e);
                    }
                });
        return new HubCache(path.apply("HF_HUB_CACHE")
                .or(() -> path.apply("HUGGINGFACE_HUB_CACHE"))
                .orElseGet(() -> path.apply("HF_HOME")
                        .orElseGet(() -> path.apply("XDG_CACHE_HOME")
                                .orElseGet(() -> Path.of(userHome, ".cache"))
                                .resolve("huggingface"))
                        .resolve("hub")));
    }

    /** Where it is; it need not exist. */
    public Path directory() {
        return directory;
    }

    /**
     * The file of a model that is complete in the cache, the first one if the model is split; empty if there is none.
     *
     * @throws UserError if the name means several files, or parts are missing
     */
    public Optional<Path> find(HubName name) throws IOException {
        Optional<String> commit = commit(name);
        if (commit.isEmpty()) {
            return Optional.empty();
        }
        Path snapshot = snapshot(name, commit.get());
        Map<String, Long> files = files(snapshot);
        boolean absent = name.file()
                .map(file -> Choice.parts(file).stream().noneMatch(files::containsKey))
                .orElse(files.isEmpty());
        return absent
                ? Optional.empty()
                : Optional.of(snapshot.resolve(
                        Choice.of(name, files, "the cache " + directory).getFirst()));
    }

    private Optional<String> commit(HubName name) throws IOException {
        Path ref = ref(name);
        if (!Files.isRegularFile(ref)) {
            return Optional.empty();
        }
        try (var in = Files.newInputStream(ref)) {
            String text = new String(in.readNBytes(LONGEST_REF), StandardCharsets.UTF_8).strip();
            if (!COMMIT.matcher(text).matches()) {
                throw new IOException(ref + ": does not hold the id of a commit; pull the model again");
            }
            return Optional.of(text);
        } catch (FileSystemException e) {
            throw FileProblem.reading(ref, e);
        }
    }

    /** The GGUF files of a snapshot, without links to nothing. */
    private static Map<String, Long> files(Path snapshot) throws IOException {
        if (!Files.isDirectory(snapshot)) {
            return Map.of();
        }
        Map<String, Long> files = new HashMap<>();
        try (Stream<Path> paths = Files.walk(snapshot, DEEPEST)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                String name = snapshot.relativize(path).toString().replace('\\', '/');
                if (HubName.isGguf(name) && Files.isRegularFile(path)) {
                    files.put(name, Files.size(path));
                }
            }
        } catch (UncheckedIOException e) {
            throw FileProblem.reading(snapshot, Objects.requireNonNull(e.getCause()));
        } catch (FileSystemException e) {
            throw FileProblem.reading(snapshot, e);
        }
        return files;
    }

    private Path repository(HubName name) {
        return directory.resolve("models--" + name.owner() + "--" + name.repo());
    }

    private Path ref(HubName name) {
        return repository(name).resolve("refs").resolve("main");
    }

    private Path snapshot(HubName name, String commit) {
        return repository(name).resolve("snapshots").resolve(commit);
    }

    /** Where a file of a commit is seen. */
    Path link(HubName name, String commit, HubFile file) throws IOException {
        try {
            return snapshot(name, commit).resolve(file.path());
        } catch (InvalidPathException e) {
            throw new IOException(
                    name.with(file.path()) + ": this system has no files of such a name: " + e.getReason()
                            + "; set a locale with UTF-8, such as LC_ALL=C.UTF-8",
                    e);
        }
    }

    /** Where the bytes of a file are kept. */
    Path blob(HubName name, HubFile file) {
        return repository(name).resolve("blobs").resolve(file.checksum().hex());
    }

    /** Whether a file is complete in the cache, whoever has put it there: bytes get their names when all are there. */
    boolean holds(HubName name, String commit, HubFile file) throws IOException {
        Path blob = blob(name, file);
        if (Files.isRegularFile(blob)) {
            long size = Files.size(blob);
            if (size != file.size()) {
                throw new IOException(blob + ": has " + size + " bytes, expected " + file.size()
                        + "; it is damaged: delete it, and pull the model again");
            }
            return true;
        }
        Path copy = link(name, commit, file); // Where the system has no links, the bytes themselves.
        return Files.isRegularFile(copy, LinkOption.NOFOLLOW_LINKS) && Files.size(copy) == file.size();
    }

    /** Shows a file, whose bytes are there, in a commit. */
    Path publish(HubName name, String commit, HubFile file) throws IOException {
        Path link = link(name, commit, file);
        Path blob = blob(name, file);
        if (!Files.exists(blob)) {
            return link;
        }
        Path parent = Objects.requireNonNull(link.getParent());
        Files.createDirectories(parent);
        if (Files.exists(link) && Files.isSameFile(link, blob)) {
            return link;
        }
        Path temporary = parent.resolve(
                file.checksum().hex() + "-" + ProcessHandle.current().pid() + ".part");
        try {
            Files.deleteIfExists(temporary);
            Files.createSymbolicLink(temporary, parent.relativize(blob));
        } catch (IOException | UnsupportedOperationException e) { // Windows asks for a privilege.
            Files.move(blob, link, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            return link;
        }
        Files.move(temporary, link, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        return link;
    }

    /** Makes a commit the one that is looked into. */
    void point(HubName name, String commit) throws IOException {
        Path ref = ref(name);
        byte[] text = commit.getBytes(StandardCharsets.US_ASCII);
        boolean same = Files.isRegularFile(ref)
                && Files.size(ref) == text.length
                && Arrays.equals(Files.readAllBytes(ref), text);
        if (!same) {
            OutputFile.in(Objects.requireNonNull(ref.getParent()), "main").write(commit);
        }
    }

    /**
     * Refuses a download that does not fit.
     *
     * @param files those to download
     */
    void requireSpace(HubName name, List<HubFile> files) throws IOException {
        long missing = 0;
        for (HubFile file : files) {
            Path part = Download.part(blob(name, file));
            long kept = Files.isRegularFile(part) ? Files.size(part) : 0;
            missing += Math.max(file.size() - kept, 0);
            if (missing < 0) {
                missing = Long.MAX_VALUE;
                break;
            }
        }
        Path blobs = repository(name).resolve("blobs");
        Files.createDirectories(blobs);
        long free = Files.getFileStore(blobs).getUsableSpace();
        if (free < missing) {
            throw new IOException(name + ": needs " + Sizes.of(missing) + ", and " + directory + " has "
                    + Sizes.of(free) + " free; make room, or choose another disk with HF_HOME");
        }
    }
}
