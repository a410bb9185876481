package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/** The checked header of one file: a whole model, or one part of a split one. */
final class GgufHeader {

    private static final int MAGIC = 0x46554747;
    private static final int HEADER_BYTES = 4 + 4 + 8 + 8;
    private static final String ALIGNMENT_KEY = "general.alignment";
    private static final long DEFAULT_ALIGNMENT = 32;
    private static final long MIN_ALIGNMENT = 8;

    private final String name;
    private final MemorySegment bytes;
    private final Cursor cursor;
    private final int version;
    private final long alignment;
    private final long tensorCount;
    private final Map<String, GgufValue> metadata;
    private final TensorReader tensors;

    private GgufHeader(String name, MemorySegment bytes, TypeRules rules, Optional<GgufHeader> first)
            throws GgufException {
        this.name = name;
        this.bytes = bytes;
        this.cursor = new Cursor(name, bytes);
        this.version = version(cursor, bytes);
        this.tensorCount = cursor.count("tensor count", TensorReader.MIN_ENTRY_BYTES);
        long entryCount = cursor.count("metadata count", MetadataReader.MIN_ENTRY_BYTES);
        this.metadata = Collections.unmodifiableMap(MetadataReader.read(name, cursor, entryCount));
        this.alignment = readAlignment();
        String architecture = first.isPresent()
                ? first.get().architecture().orElse("")
                : architecture().orElse("");
        this.tensors = new TensorReader(name, bytes, cursor, architecture, rules, alignment);
        tensors.read(tensorCount);
    }

    /** Reads the header of a file that has all keys. */
    static GgufHeader read(String name, MemorySegment bytes, TypeRules rules) throws GgufException {
        return new GgufHeader(name, bytes, rules, Optional.empty());
    }

    /** Reads the header of a later part of a split model, whose keys are in the first part. */
    static GgufHeader readAfter(GgufHeader first, String name, MemorySegment bytes, TypeRules rules)
            throws GgufException {
        return new GgufHeader(name, bytes, rules, Optional.of(first));
    }

    String name() {
        return name;
    }

    int version() {
        return version;
    }

    long alignment() {
        return alignment;
    }

    Map<String, GgufValue> metadata() {
        return metadata;
    }

    Optional<GgufValue> find(String key) {
        return Optional.ofNullable(metadata.get(key));
    }

    /** The value of {@code general.architecture}, if there is one. */
    Optional<String> architecture() throws GgufException {
        Optional<GgufValue> value = find("general.architecture");
        return value.isPresent() ? Optional.of(value.get().asText()) : Optional.empty();
    }

    Collection<TensorEntry> entries() {
        return tensors.entries();
    }

    /** Finds the bytes of the tensors; see {@link TensorReader#place}. */
    Map<String, GgufTensor> place(Map<Integer, TensorType> shared) throws GgufException {
        return tensors.place(shared);
    }

    GgufFile.Part part() {
        return new GgufFile.Part(name, bytes.asSlice(0, cursor.position()), bytes);
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
        long seen = value.get().asInteger(0, 0xFFFF_FFFFL);
        if (seen < MIN_ALIGNMENT || Long.bitCount(seen) != 1) {
            throw new GgufException(name + ": " + ALIGNMENT_KEY + " is " + seen
                    + ", expected a power of two of 8 or more; the file is damaged");
        }
        return seen;
    }
}
