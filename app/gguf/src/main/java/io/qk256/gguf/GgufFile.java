package io.qk256.gguf;

import io.qk256.spi.support.FileProblem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
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

    private static final int MAX_PARTS = 65_535;
    private static final int MAGIC = 0x46554747;
    private static final int HEADER_BYTES = 4 + 4 + 8 + 8;
    private static final String ALIGNMENT_KEY = "general.alignment";
    private static final long DEFAULT_ALIGNMENT = 32;
    private static final long MIN_ALIGNMENT = 8;

    private final String name;
    private final Optional<Arena> arena;
    private final int version;
    private final long alignment;
    private final Map<String, GgufValue> metadata;
    private final Map<String, GgufTensor> tensors;
    private final MemorySegment header;
    private final MemorySegment bytes;

    private GgufFile(String name, MemorySegment bytes, TypeRules rules, Optional<Arena> arena) throws GgufException {
        this.name = name;
        this.bytes = bytes;
        this.arena = arena;
        Cursor cursor = new Cursor(name, bytes);
        this.version = version(cursor, bytes);
        long tensorCount = cursor.count("tensor count", TensorReader.MIN_ENTRY_BYTES);
        long entryCount = cursor.count("metadata count", MetadataReader.MIN_ENTRY_BYTES);
        this.metadata = Collections.unmodifiableMap(MetadataReader.read(name, cursor, entryCount));
        this.alignment = readAlignment();
        Map<String, GgufTensor> stored =
                new TensorReader(name, bytes, cursor, architecture(), rules, alignment).read(tensorCount);
        this.tensors = Collections.unmodifiableMap(rules.recognise(name, metadata, stored));
        this.header = bytes.asSlice(0, cursor.position());
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

    /**
     * Maps and checks a file of any size.
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
        try (FileChannel channel = FileChannel.open(path)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new GgufFile(path.toString(), bytes, rules, Optional.of(arena));
        } catch (GgufException | RuntimeException | Error e) {
            arena.close();
            throw e;
        } catch (IOException e) {
            arena.close();
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
        return new GgufFile(name, bytes.asReadOnly(), rules, Optional.empty());
    }

    /** The path of the opened file, or the name passed to {@link #of}. */
    public String name() {
        return name;
    }

    /** The version of the format, 2 or 3. */
    public int version() {
        return version;
    }

    /** The alignment of tensors in the file in bytes, a power of two. */
    public long alignment() {
        return alignment;
    }

    /** A message for the user if the file is one part of a split model, with what to do; empty if it is whole. */
    public Optional<String> part() throws GgufException {
        Optional<GgufValue> count = find("split.count");
        long parts = count.isPresent() ? count.get().asInteger(0, MAX_PARTS) : 0;
        if (parts <= 1) {
            return Optional.empty();
        }
        Optional<GgufValue> number = find("split.no");
        String which = number.isPresent() ? "part " + (number.get().asInteger(0, MAX_PARTS) + 1) + " of " : "one of ";
        return Optional.of(name + ": this is " + which + parts + " of a split model, expected a single file; join"
                + " the parts with 'llama-gguf-split --merge FIRST-PART OUT.gguf'");
    }

    /**
     * Checks that the file is not one part of a split model.
     *
     * @throws GgufException if it is, with what to do
     */
    public void requireWhole() throws GgufException {
        Optional<String> part = part();
        if (part.isPresent()) {
            throw new GgufException(part.get());
        }
    }

    /** All metadata by key, in file order. */
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
                .orElseThrow(() -> new GgufException(name + ": no key " + key + " among " + metadata.size()
                        + " keys; the file is incomplete or of an unexpected kind"));
    }

    /** The value of {@code general.architecture}, or an empty string if there is none. */
    public String architecture() throws GgufException {
        Optional<GgufValue> value = find("general.architecture");
        return value.isPresent() ? value.get().asText() : "";
    }

    /** All tensors, in file order. */
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
        throw new GgufException(part().orElse(name + ": no tensor " + tensor + " among " + tensors.size()
                + " tensors; the file is incomplete or of an unexpected kind"));
    }

    /** The bytes before the tensor data, read-only. */
    public MemorySegment header() {
        return header;
    }

    /** The whole file, read-only. */
    public MemorySegment bytes() {
        return bytes;
    }

    /** Unmaps the file; all views of it become invalid. */
    @Override
    public void close() {
        arena.ifPresent(Arena::close);
    }

    private static int version(Cursor cursor, MemorySegment bytes) throws GgufException {
        if (cursor.remaining() < HEADER_BYTES) {
            throw cursor.wrong(
                    0,
                    "the file has " + cursor.remaining() + " bytes",
                    HEADER_BYTES + " or more",
                    "it is cut off, or not a GGUF file");
        }
        if (cursor.i32("magic") != MAGIC) {
            byte[] start = bytes.asSlice(0, 4).toArray(LittleEndian.I8);
            throw cursor.wrong(
                    0,
                    "the file starts with " + HexFormat.ofDelimiter(" ").formatHex(start),
                    "47 47 55 46 (GGUF)",
                    "this is not a GGUF file, or only a pointer to one");
        }
        int version = cursor.i32("version");
        if (version == 2 || version == 3) {
            return version;
        }
        boolean bigEndian = (version & 0xFFFF) == 0 && version != 0;
        throw cursor.wrong(
                4,
                "version is " + Integer.toUnsignedString(version),
                "2 or 3",
                bigEndian
                        ? "this is a big-endian file; get the little-endian one"
                        : "convert the model again with a current converter");
    }

    /** The specification requires a multiple of 8, ggml a power of two. */
    private long readAlignment() throws GgufException {
        Optional<GgufValue> value = find(ALIGNMENT_KEY);
        if (value.isEmpty()) {
            return DEFAULT_ALIGNMENT;
        }
        if (value.get().type() != ValueType.U32) {
            throw new GgufException(name + ": " + ALIGNMENT_KEY + " is of type "
                    + value.get().type().label() + ", expected u32; the file is damaged");
        }
        long bytes = value.get().asInteger(0, 0xFFFF_FFFFL);
        if (bytes < MIN_ALIGNMENT || Long.bitCount(bytes) != 1) {
            throw new GgufException(name + ": " + ALIGNMENT_KEY + " is " + bytes
                    + ", expected a power of two of 8 or more; the file is damaged");
        }
        return bytes;
    }
}
