package io.qk256.gguf;

import io.qk256.spi.support.OutputFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes a GGUF file, version 3, byte for byte as ggml does: keys and tensors in the order they were added, with no
 * gaps between tensors except for alignment. Not thread-safe.
 *
 * <p>Refuses what a reader would refuse: every method throws an {@link IllegalArgumentException} for a key or a name
 * that is empty, too long, not allowed, or a duplicate, and for a value that does not fit its type.
 */
public final class GgufWriter {

    private static final int MAGIC = 0x46554747;
    private static final int VERSION = 3;
    private static final int MAX_KEY_BYTES = 65_535;
    private static final int MAX_NAME_BYTES = 64;
    private static final String ALIGNMENT_KEY = "general.alignment";

    private final LittleEndianBytes metadata = new LittleEndianBytes();
    private final Set<String> keys = new HashSet<>();
    private final List<Tensor> tensors = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private int alignment = 32;

    /** Starts a file without keys and tensors. */
    public GgufWriter() {}

    /** Produces the bytes of a tensor when they are written. */
    @FunctionalInterface
    public interface Source {

        /**
         * Produces the bytes.
         *
         * @param arena for memory that must stay valid until they are written
         * @return exactly as many bytes as were announced
         */
        MemorySegment bytes(Arena arena) throws IOException;
    }

    private record Tensor(String name, TensorType type, List<Long> dims, long bytes, Source source) {}

    /**
     * Adds an integer.
     *
     * @param type an integer type
     * @param value in the range of the type; a u64 of 2^63 or more as the negative number with the same bits
     */
    public GgufWriter integer(String key, ValueType type, long value) {
        entry(key, type).integer(type, value);
        return this;
    }

    /** Adds an f32 or f64. */
    public GgufWriter real(String key, ValueType type, double value) {
        entry(key, type).real(type, value);
        return this;
    }

    /** Adds a bool. */
    public GgufWriter bool(String key, boolean value) {
        entry(key, ValueType.BOOL).bool(value);
        return this;
    }

    /** Adds a string. */
    public GgufWriter text(String key, String value) {
        entry(key, ValueType.STRING).text(value);
        return this;
    }

    /** Adds an array of integers. */
    public GgufWriter integers(String key, ValueType type, long... values) {
        LittleEndianBytes out = array(key, type, values.length);
        for (long value : values) {
            out.integer(type, value);
        }
        return this;
    }

    /** Adds an array of f32 or f64. */
    public GgufWriter reals(String key, ValueType type, double... values) {
        LittleEndianBytes out = array(key, type, values.length);
        for (double value : values) {
            out.real(type, value);
        }
        return this;
    }

    /** Adds an array of bools. */
    public GgufWriter bools(String key, boolean... values) {
        LittleEndianBytes out = array(key, ValueType.BOOL, values.length);
        for (boolean value : values) {
            out.bool(value);
        }
        return this;
    }

    /** Adds an array of strings. */
    public GgufWriter texts(String key, List<String> values) {
        LittleEndianBytes out = array(key, ValueType.STRING, values.size());
        values.forEach(out::text);
        return this;
    }

    /** Copies a value of another file, with its key and bytes unchanged. */
    public GgufWriter copy(GgufValue value) {
        if (value.key().equals(ALIGNMENT_KEY)) {
            throw new IllegalArgumentException("key " + ALIGNMENT_KEY + ": use alignment(int) instead");
        }
        LittleEndianBytes out = entry(value.key(), value.type());
        value.array().ifPresent(array -> out.i32(array.elementType().id()).i64(array.size()));
        if (value.type() == ValueType.STRING) {
            out.i64(value.data().byteSize());
        }
        out.bytes(value.data());
        return this;
    }

    /**
     * Changes the alignment of tensors from 32 bytes, and adds the key that records it.
     *
     * @param bytes a power of two, at least 8
     */
    public GgufWriter alignment(int bytes) {
        if (bytes < 8 || Integer.bitCount(bytes) != 1) {
            throw new IllegalArgumentException("alignment: " + bytes + ", expected a power of two of 8 or more");
        }
        alignment = bytes;
        return integer(ALIGNMENT_KEY, ValueType.U32, bytes);
    }

    /**
     * Adds a tensor.
     *
     * @param type a type that has an id in GGUF files
     * @param dims one to four dimensions, each at least 1, the contiguous one first
     * @param data its bytes; they must not change until the file is written
     */
    public GgufWriter tensor(String name, TensorType type, List<Long> dims, MemorySegment data) {
        return tensor(name, type, dims, data.byteSize(), arena -> data);
    }

    /**
     * Adds a tensor whose bytes are produced when they are written, so only one tensor has to be in memory.
     *
     * @param bytes how many bytes the source will produce
     */
    public GgufWriter tensor(String name, TensorType type, List<Long> dims, long bytes, Source source) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        boolean allowed =
                length >= 1 && length <= MAX_NAME_BYTES && name.chars().noneMatch(Character::isISOControl);
        if (!allowed || !names.add(name)) {
            throw new IllegalArgumentException("tensor " + name + ": "
                    + (allowed ? "is a duplicate" : length + " bytes") + ", expected a unique name of 1 to "
                    + MAX_NAME_BYTES + " bytes without control characters");
        }
        requireSize(name, type, dims, bytes);
        tensors.add(new Tensor(name, type, List.copyOf(dims), bytes, source));
        return this;
    }

    private static void requireSize(String name, TensorType type, List<Long> dims, long bytes) {
        if (type.id() < 0) {
            throw new IllegalArgumentException(
                    "tensor " + name + ": " + type.label() + ", expected a type that has an id in GGUF files");
        }
        boolean shaped = !dims.isEmpty() && dims.size() <= 4 && dims.stream().allMatch(dim -> dim >= 1);
        long needed = shaped && dims.getFirst() % type.blockWeights() == 0
                ? type.bytes(dims.stream().reduce(1L, Math::multiplyExact))
                : -1;
        if (bytes != needed) {
            throw new IllegalArgumentException("tensor " + name + " of " + type.label() + ": " + bytes
                    + " bytes for dimensions " + dims + ", expected "
                    + (needed < 0 ? "1 to 4 dimensions that fit the type" : needed + " bytes"));
        }
    }

    /**
     * Writes the file.
     *
     * @throws IOException if it cannot be written, or a source fails
     */
    public void write(Path file) throws IOException {
        write(OutputFile.of(file));
    }

    /** As {@link #write(Path)}, for the project's own modules, which also write to standard output. */
    @SuppressWarnings("exports")
    public void write(OutputFile file) throws IOException {
        file.write(out -> {
            out.write(header());
            out.pad(alignment);
            for (Tensor tensor : tensors) {
                try (Arena arena = Arena.ofShared()) {
                    MemorySegment bytes = tensor.source().bytes(arena);
                    if (bytes.byteSize() != tensor.bytes()) {
                        throw new IllegalStateException("tensor " + tensor.name() + ": " + bytes.byteSize()
                                + " bytes produced, expected " + tensor.bytes());
                    }
                    out.write(bytes);
                }
                out.pad(alignment);
            }
        });
    }

    private byte[] header() {
        LittleEndianBytes out = new LittleEndianBytes()
                .i32(MAGIC)
                .i32(VERSION)
                .i64(tensors.size())
                .i64(keys.size())
                .bytes(MemorySegment.ofArray(metadata.toByteArray()));
        long offset = 0;
        for (Tensor tensor : tensors) {
            out.text(tensor.name());
            out.i32(tensor.dims().size());
            tensor.dims().forEach(out::i64);
            out.i32(tensor.type().id()).i64(offset);
            offset += Math.ceilDiv(tensor.bytes(), alignment) * alignment;
        }
        return out.toByteArray();
    }

    private LittleEndianBytes entry(String key, ValueType type) {
        boolean allowed = !key.isEmpty()
                && key.length() <= MAX_KEY_BYTES
                && key.chars().allMatch(character -> character >= ' ' && character <= '~');
        if (!allowed || !keys.add(key)) {
            throw new IllegalArgumentException("key " + key + ": " + (allowed ? "is a duplicate" : "is not allowed")
                    + ", expected a unique key of 1 to " + MAX_KEY_BYTES + " characters of printable ASCII");
        }
        metadata.text(key);
        return metadata.i32(type.id());
    }

    private LittleEndianBytes array(String key, ValueType type, int size) {
        return entry(key, ValueType.ARRAY).i32(type.id()).i64(size);
    }
}
