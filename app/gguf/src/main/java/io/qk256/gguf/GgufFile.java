package io.qk256.gguf;

import io.qk256.spi.support.FileProblem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file, version 2 or 3 (ggml, docs/gguf.md), read without copying: metadata and tensors are views of the mapped
 * file. Immutable and thread-safe; the views become invalid when the file is closed.
 *
 * <p>Opening a file checks the whole header, in time and memory proportional to its length: every length and count
 * must fit the remaining bytes, text must be UTF-8, dimensions and sizes must not overflow, and every tensor must be
 * aligned, lie inside the file, and overlap no other. What ggml accepts by mistake (sizes that wrap around, empty
 * tensors, bool bytes other than 0 and 1) is refused.
 *
 * <p>A mapped file must not be truncated while it is open: the JVM then throws {@link InternalError}.
 */
public final class GgufFile implements AutoCloseable {

    private final List<Part> parts;
    private final Optional<String> incomplete;
    private final Optional<Arena> arena;
    private final int version;
    private final long alignment;
    private final Map<String, GgufValue> metadata;
    private final Map<String, GgufTensor> tensors;

    /**
     * One of the files that hold a model.
     *
     * @param name the path of the file, or its name in messages
     * @param header the bytes before the tensor data, read-only
     * @param bytes the whole file, read-only
     */
    public record Part(String name, MemorySegment header, MemorySegment bytes) {}

    /** @param incomplete if only one part of a split model could be read: why, and what to do */
    private GgufFile(List<GgufHeader> headers, Optional<String> incomplete, TypeRules rules, Optional<Arena> arena)
            throws GgufException {
        GgufHeader first = headers.getFirst();
        List<TensorEntry> entries =
                headers.stream().flatMap(header -> header.entries().stream()).toList();
        Map<Integer, TensorType> shared = SharedIds.resolve(entries);
        Map<String, GgufTensor> all = new LinkedHashMap<>();
        for (GgufHeader header : headers) {
            all.putAll(rules.recognise(header.name(), first.metadata(), header.place(shared)));
        }
        this.parts = headers.stream().map(GgufHeader::part).toList();
        this.incomplete = incomplete;
        this.arena = arena;
        this.version = first.version();
        this.alignment = first.alignment();
        this.metadata = first.metadata();
        this.tensors = Collections.unmodifiableMap(all);
    }

    /**
     * Maps and checks a file of any size. Tensors have the types that their ids stand for. To recognize the types that
     * have no id of their own, open the file with {@code io.qk256.gguf.layout.WeightFile}.
     *
     * @throws GgufException if there is no such file, or it breaks a rule of the format
     * @throws IOException if the file cannot be read
     */
    public static GgufFile open(Path path) throws IOException {
        return open(path, TypeRules.NONE);
    }

    /** The files of the model that a name stands for, as far as the name tells: the file, and all parts of a split model. */
    public static List<Path> files(Path path) {
        return SplitFile.files(path);
    }

    /**
     * Maps and checks a file of any size, with all other parts if it is one of a split model: they are then one file. A
     * part whose others are missing, or do not fit, is opened alone; see {@link #requireWhole}.
     *
     * @param rules resolve tensor types that the id alone does not determine
     * @throws GgufException if there is no such file, or it breaks a rule of the format
     * @throws IOException if the file cannot be read
     */
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the file, whose close() closes it.
    public static GgufFile open(Path path, TypeRules rules) throws IOException {
        Optional<String> absence = FileProblem.absence(path);
        if (absence.isPresent()) {
            throw new GgufException(path + ": " + absence.get() + ", expected a GGUF file; check the path");
        }
        Arena arena = Arena.ofShared();
        try {
            return open(path, rules, arena);
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static GgufFile open(Path path, TypeRules rules, Arena arena) throws IOException {
        GgufHeader asked = GgufHeader.read(path.toString(), map(path, arena), rules);
        if (SplitFile.parts(asked) == 1) {
            return new GgufFile(List.of(asked), Optional.empty(), rules, Optional.of(arena));
        }
        try {
            List<GgufHeader> headers = SplitFile.read(path, asked, rules, part -> map(part, arena));
            return new GgufFile(headers, Optional.empty(), rules, Optional.of(arena));
        } catch (GgufException e) {
            return new GgufFile(List.of(asked), Optional.of(String.valueOf(e.getMessage())), rules, Optional.of(arena));
        }
    }

    private static MemorySegment map(Path path, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException e) {
            throw FileProblem.reading(path, e);
        }
    }

    /**
     * Checks a file that is already in memory. Closing it does nothing: the caller owns the memory.
     *
     * @param bytes the whole file, off-heap or a {@code byte[]}
     * @param name its name in messages
     * @throws GgufException if it breaks a rule of the format
     */
    public static GgufFile of(MemorySegment bytes, String name) throws GgufException {
        return of(bytes, name, TypeRules.NONE);
    }

    /** As {@link #of(MemorySegment, String)}, with rules for tensor types that the id alone does not determine. */
    public static GgufFile of(MemorySegment bytes, String name, TypeRules rules) throws GgufException {
        GgufHeader header = GgufHeader.read(name, bytes.asReadOnly(), rules);
        Optional<String> incomplete = SplitFile.parts(header) == 1
                ? Optional.empty()
                : Optional.of(SplitFile.describe(header) + ", expected a whole one; open the first part as a file");
        return new GgufFile(List.of(header), incomplete, rules, Optional.empty());
    }

    /** The path of the opened file, of the first part if there are several; or the name passed to {@link #of}. */
    public String name() {
        return parts.getFirst().name();
    }

    /** The files that hold this one: one, or the parts of a split model in their order. */
    public List<Part> parts() {
        return parts;
    }

    /** The version of the format, 2 or 3. */
    public int version() {
        return version;
    }

    /** The alignment of tensors in the file in bytes, a power of two. */
    public long alignment() {
        return alignment;
    }

    /** If this is only one part of a split model: which, why the others could not be read, and what to do. */
    public Optional<String> incomplete() {
        return incomplete;
    }

    /**
     * Checks that the file is not a single part of a split model.
     *
     * @throws GgufException if it is, with what to do
     */
    public void requireWhole() throws GgufException {
        if (incomplete.isPresent()) {
            throw new GgufException(incomplete.get());
        }
    }

    /** All metadata by key, in file order; that of the first part if there are several. */
    public Map<String, GgufValue> metadata() {
        return metadata;
    }

    /** The value of a key, if present. */
    public Optional<GgufValue> find(String key) {
        return Optional.ofNullable(metadata.get(key));
    }

    /**
     * The value of a required key.
     *
     * @throws GgufException if the key is missing
     */
    public GgufValue require(String key) throws GgufException {
        return find(key)
                .orElseThrow(() -> new GgufException(name() + ": no key " + key + " among " + metadata.size()
                        + " keys; the file is incomplete or of an unexpected kind"));
    }

    /** The value of {@code general.architecture}, or an empty string if there is none. */
    public String architecture() throws GgufException {
        Optional<GgufValue> value = find("general.architecture");
        return value.isPresent() ? value.get().asText() : "";
    }

    /** All tensors, in file order, those of the first part first. */
    public Collection<GgufTensor> tensors() {
        return tensors.values();
    }

    /** The tensor with that name, if present. */
    public Optional<GgufTensor> findTensor(String tensor) {
        return Optional.ofNullable(tensors.get(tensor));
    }

    /**
     * The tensor with that name, which must exist.
     *
     * @throws GgufException if there is none
     */
    public GgufTensor requireTensor(String tensor) throws GgufException {
        Optional<GgufTensor> found = findTensor(tensor);
        if (found.isPresent()) {
            return found.get();
        }
        throw new GgufException(incomplete.orElse(name() + ": no tensor " + tensor + " among " + tensors.size()
                + " tensors; the file is incomplete or of an unexpected kind"));
    }

    /** Unmaps the file; all views of it become invalid. */
    @Override
    public void close() {
        arena.ifPresent(Arena::close);
    }
}
