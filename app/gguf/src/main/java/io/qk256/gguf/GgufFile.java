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
 * A GGUF file, version 2 or 3 (ggml, docs/gguf.md), read without a copy: metadata and tensors are views of the mapped
 * file. Immutable and thread-safe; the views end when the file is closed.
 *
 * <p>The whole header is checked when the file is opened, in time and memory proportional to its length: every
 * length and count against the bytes that are left, text for UTF-8, dimensions and sizes for overflow, and every
 * tensor for lying on the alignment, inside the file, and apart from the others. What ggml accepts by
 * mistake (sizes that wrap around, empty tensors, bool bytes other than 0 and 1) is refused.
 *
 * <p>A mapped file must not be shortened while it is open: the JVM then throws {@link InternalError}.
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
     * Maps and checks a file of any size. Tensors are of the types that their numbers stand for; {@code WeightFile} in {@code io.qk256.gguf.layout} opens a file
     * with the types that have no number of their own.
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
     * @param rules what tensors are where their number does not say it all
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
     * Checks a file that is in memory already. Closing it does nothing: the memory stays the caller's.
     *
     * @param bytes the whole file, off-heap or a {@code byte[]}
     * @param name what to call it in messages
     * @throws GgufException if it breaks a rule of the format
     */
    public static GgufFile of(MemorySegment bytes, String name) throws GgufException {
        return of(bytes, name, TypeRules.NONE);
    }

    /** The same, with rules for what tensors are where their number does not say it all. */
    public static GgufFile of(MemorySegment bytes, String name, TypeRules rules) throws GgufException {
        return new GgufFile(name, bytes.asReadOnly(), rules, Optional.empty());
    }

    /** The path that was opened, or the name that was given. */
    public String name() {
        return name;
    }

    /** Version of the format, 2 or 3. */
    public int version() {
        return version;
    }

    /** Bytes that tensors are aligned to in the file, a power of two. */
    public long alignment() {
        return alignment;
    }

    /** Says that the file is one of several that make a model together, and what to do; empty if it is whole. */
    public Optional<String> part() throws GgufException {
        Optional<GgufValue> count = find("split.count");
        long parts = count.isPresent() ? count.get().asInteger(0, MAX_PARTS) : 0;
        if (parts <= 1) {
            return Optional.empty();
        }
        Optional<GgufValue> number = find("split.no");
        String which = number.isPresent() ? "part " + (number.get().asInteger(0, MAX_PARTS) + 1) + " of " : "one of ";
        return Optional.of(name + ": this is " + which + parts + " of a model that is split, expected a whole one; join"
                + " the parts with 'llama-gguf-split --merge FIRST-PART OUT.gguf'");
    }

    /** All metadata by key, in the order of the file. */
    public Map<String, GgufValue> metadata() {
        return metadata;
    }

    /** The value of a key, if there is one. */
    public Optional<GgufValue> find(String key) {
        return Optional.ofNullable(metadata.get(key));
    }

    /**
     * The value of a key that must be there.
     *
     * @throws GgufException if it is not
     */
    public GgufValue require(String key) throws GgufException {
        return find(key)
                .orElseThrow(() -> new GgufException(name + ": there is no key " + key + " among " + metadata.size()
                        + " keys; the file is incomplete or of another kind than expected"));
    }

    /** The value of {@code general.architecture}; empty text if there is none. */
    public String architecture() throws GgufException {
        Optional<GgufValue> value = find("general.architecture");
        return value.isPresent() ? value.get().asText() : "";
    }

    /** All tensors, in the order of the file. */
    public Collection<GgufTensor> tensors() {
        return tensors.values();
    }

    /** The tensor of that name, if there is one. */
    public Optional<GgufTensor> findTensor(String tensor) {
        return Optional.ofNullable(tensors.get(tensor));
    }

    /**
     * The tensor of that name.
     *
     * @throws GgufException if there is none
     */
    public GgufTensor requireTensor(String tensor) throws GgufException {
        Optional<GgufTensor> found = findTensor(tensor);
        if (found.isPresent()) {
            return found.get();
        }
        throw new GgufException(part().orElse(name + ": there is no tensor " + tensor + " among " + tensors.size()
                + " tensors; the file is incomplete or of another kind than expected"));
    }

    /** All bytes before the data of the tensors, read-only. */
    public MemorySegment header() {
        return header;
    }

    /** The whole file, read-only. */
    public MemorySegment bytes() {
        return bytes;
    }

    /** Ends all views of an opened file. */
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

    /** The specification asks for a multiple of 8, ggml for a power of two. */
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
