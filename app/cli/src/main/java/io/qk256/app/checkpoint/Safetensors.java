package io.qk256.app.checkpoint;

import com.google.gson.JsonElement;
import io.qk256.gguf.LittleEndian;
import io.qk256.spi.support.FileProblem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A safetensors file, mapped: a u64 length, that many bytes of JSON with the type, the shape and the place of each
 * tensor, and the bytes of the tensors.
 *
 * <p>Source: huggingface/safetensors, README, "Format".
 */
final class Safetensors {

    private static final long MAX_HEADER = 100_000_000;
    private static final String METADATA = "__metadata__";

    private Safetensors() {}

    /** The types of tensors in checkpoints of 2-bit models. */
    enum NumberType {
        U8(1),
        BF16(2),
        F16(2),
        F32(4);

        private final int bytes;

        NumberType(int bytes) {
            this.bytes = bytes;
        }

        static Optional<NumberType> of(String name) {
            for (NumberType type : values()) {
                if (type.name().equals(name)) {
                    return Optional.of(type);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * A tensor.
     *
     * @param file the path of its file
     * @param shape the contiguous dimension last
     * @param data its bytes
     */
    record Tensor(String file, String name, NumberType type, List<Long> shape, MemorySegment data) {

        @Override
        public String toString() {
            return file + ", tensor " + name + " of " + type + ", " + shape;
        }
    }

    /**
     * Maps and checks a file.
     *
     * @param arena keeps it mapped
     * @return its tensors by name
     * @throws IOException if the file cannot be read, or breaks a rule of the format
     */
    static Map<String, Tensor> read(Path file, Arena arena) throws IOException {
        MemorySegment bytes;
        try (FileChannel channel = FileChannel.open(file)) {
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException e) {
            throw FileProblem.reading(file, e);
        }
        long length = bytes.byteSize() < Long.BYTES ? -1 : bytes.get(LittleEndian.I64, 0);
        if (length < 2 || length > Math.min(MAX_HEADER, bytes.byteSize() - Long.BYTES)) {
            throw new IOException(file + ": the header has " + Long.toUnsignedString(length) + " bytes, expected 2 to "
                    + Math.clamp(bytes.byteSize() - Long.BYTES, 0, MAX_HEADER)
                    + "; the file is cut off, or no safetensors file");
        }
        String text = new String(bytes.asSlice(Long.BYTES, length).toArray(LittleEndian.I8), StandardCharsets.UTF_8);
        JsonFile header = JsonFile.parse(file.toString(), text);
        MemorySegment data = bytes.asSlice(Long.BYTES + length);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String name : header.names()) {
            if (!name.equals(METADATA)) {
                tensors.put(name, tensor(file.toString(), name, header.requireObject(name), data));
            }
        }
        return tensors;
    }

    private static Tensor tensor(String file, String name, JsonFile entry, MemorySegment data) throws IOException {
        String dtype = entry.text("dtype").orElse("missing");
        Optional<NumberType> type = NumberType.of(dtype);
        if (type.isEmpty()) {
            throw entry.wrong("dtype", "is " + dtype, "U8, BF16, F16 or F32");
        }
        List<Long> shape = new ArrayList<>();
        long weights = 1;
        for (JsonElement element : entry.list("shape")) {
            long dim = entry.integer("shape", element, 1, Integer.MAX_VALUE);
            shape.add(dim);
            weights = Math.multiplyHigh(weights, dim) == 0 ? weights * dim : -1;
            if (weights < 0) {
                throw entry.wrong("shape", "is " + shape, "a product within 63 bits");
            }
        }
        List<JsonElement> offsets = entry.list("data_offsets");
        if (offsets.size() != 2) {
            throw entry.wrong("data_offsets", "has " + offsets.size() + " elements", "2");
        }
        long from = entry.integer("data_offsets", offsets.get(0), 0, data.byteSize());
        long to = entry.integer("data_offsets", offsets.get(1), from, data.byteSize());
        if ((to - from) % type.get().bytes != 0 || (to - from) / type.get().bytes != weights) {
            throw entry.wrong(
                    "data_offsets", "are " + from + " and " + to, weights + " x " + type.get().bytes + " bytes");
        }
        return new Tensor(file, name, type.get(), List.copyOf(shape), data.asSlice(from, to - from));
    }
}
