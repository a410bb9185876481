package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads the tensor entries of a GGUF header and finds each tensor's bytes.
 *
 * <p>ggml requires every offset to be the sum of the padded sizes before it. The specification, which is followed
 * here, only requires that tensors are aligned, lie inside the file, and do not overlap.
 */
final class TensorReader {

    /** The length of a name, its one character, the number of dimensions, one dimension, the type, and the offset. */
    static final int MIN_ENTRY_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

    private static final int MAX_NAME_BYTES = 64;
    private static final int MAX_DIMS = 4;

    private final String file;
    private final MemorySegment bytes;
    private final Cursor cursor;
    private final String architecture;
    private final TypeRules rules;
    private final long alignment;
    private final Map<String, TensorEntry> entries = new LinkedHashMap<>();

    /** Where the data section starts in the file; tensors' offsets count from there. */
    private long dataStart;

    TensorReader(
            String file, MemorySegment bytes, Cursor cursor, String architecture, TypeRules rules, long alignment) {
        this.file = file;
        this.bytes = bytes;
        this.cursor = cursor;
        this.architecture = architecture;
        this.rules = rules;
        this.alignment = alignment;
    }

    /**
     * Reads the entries, without looking at the data.
     *
     * @param count the number of entries
     */
    void read(long count) throws GgufException {
        for (long i = 0; i < count; i++) {
            entry("tensor " + i);
        }
        dataStart = Math.ceilDiv(cursor.position(), alignment) * alignment;
        findRooms();
    }

    /** The entries in the order of the file. */
    Collection<TensorEntry> entries() {
        return entries.values();
    }

    private void entry(String field) throws GgufException {
        long at = cursor.position();
        String name = name("name of " + field);
        List<Long> dims = dims(name);
        int id = cursor.i32("type of " + name);
        TensorType type = type(cursor.position() - Integer.BYTES, name, id);
        long weights = weights(at, name, dims);
        if (!SharedIds.contains(id)) {
            requireWholeBlocks(at, name, type, dims);
        }
        long offset = offset(name);
        TensorEntry entry = new TensorEntry(at, name, type, id, dims, weights, offset, 0, "", alignment);
        if (entries.putIfAbsent(name, entry) != null) {
            throw cursor.damaged(at, "tensor " + name + " appears twice", "each name once");
        }
    }

    private String name(String field) throws GgufException {
        long at = cursor.position();
        MemorySegment utf8 = cursor.string(field);
        if (utf8.byteSize() == 0 || utf8.byteSize() > MAX_NAME_BYTES) {
            throw cursor.damaged(at, field + " has " + utf8.byteSize() + " bytes", "1 to " + MAX_NAME_BYTES);
        }
        String name = new String(utf8.toArray(LittleEndian.I8), StandardCharsets.UTF_8);
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw cursor.damaged(at, field + " holds a control character", "text");
        }
        return name;
    }

    private List<Long> dims(String name) throws GgufException {
        long at = cursor.position();
        int count = cursor.i32("number of dimensions of " + name);
        if (count < 1 || count > MAX_DIMS) {
            throw cursor.damaged(
                    at, "tensor " + name + " has " + Integer.toUnsignedString(count) + " dimensions", "1 to 4");
        }
        List<Long> dims = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long dimAt = cursor.position();
            long dim = cursor.i64("dimension " + i + " of " + name);
            if (dim < 1) {
                throw cursor.damaged(
                        dimAt,
                        "dimension " + i + " of tensor " + name + " is " + Long.toUnsignedString(dim),
                        "1 to 2^63-1");
            }
            dims.add(dim);
        }
        return dims;
    }

    private TensorType type(long at, String name, int id) throws GgufException {
        return TensorType.of(id, architecture)
                .map(rules::typeOf)
                .orElseThrow(() -> cursor.wrong(
                        at,
                        "tensor " + name + " is of type " + id,
                        "a type of ggml or bitnet.cpp",
                        "the file is damaged, or newer than this program"));
    }

    private long weights(long at, String name, List<Long> dims) throws GgufException {
        long weights = 1;
        try {
            for (long dim : dims) {
                weights = Math.multiplyExact(weights, dim);
            }
        } catch (ArithmeticException e) {
            throw cursor.damaged(at, "tensor " + name + " has dimensions " + dims, "a product within 63 bits");
        }
        return weights;
    }

    private void requireWholeBlocks(long at, String name, TensorType type, List<Long> dims) throws GgufException {
        if (dims.getFirst() % type.blockWeights() != 0) {
            throw cursor.wrong(
                    at,
                    "tensor " + name + " of " + type.label() + " has " + dims.getFirst() + " columns",
                    "a multiple of " + type.blockWeights(),
                    "the type does not fit this shape; convert the model to another type");
        }
    }

    private long offset(String name) throws GgufException {
        long at = cursor.position();
        long offset = cursor.i64("offset of " + name);
        if (offset < 0 || offset % alignment != 0) {
            throw cursor.damaged(
                    at,
                    "offset of tensor " + name + " is " + Long.toUnsignedString(offset),
                    "a multiple of the alignment " + alignment);
        }
        return offset;
    }

    /** Finds the room of each tensor, last to first: each must end before the next one starts. */
    private void findRooms() {
        long limit = bytes.byteSize() - dataStart;
        String next = "the end of the file";
        for (TensorEntry entry : lastFirst()) {
            entries.put(entry.name(), entry.within(limit - entry.offset(), next));
            limit = entry.offset();
            next = "tensor " + entry.name();
        }
    }

    private List<TensorEntry> lastFirst() {
        List<TensorEntry> byOffset = new ArrayList<>(entries.values());
        byOffset.sort(Comparator.comparingLong(TensorEntry::offset));
        return byOffset.reversed();
    }

    /**
     * Finds the bytes of each tensor.
     *
     * @param shared the types of the ids that only sizes tell
     */
    Map<String, GgufTensor> place(Map<Integer, TensorType> shared) throws GgufException {
        Map<String, MemorySegment> data = new HashMap<>();
        for (TensorEntry entry : lastFirst()) {
            data.put(entry.name(), data(entry, type(entry, shared)));
        }
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (TensorEntry entry : entries.values()) {
            MemorySegment bytesOfTensor = Objects.requireNonNull(data.get(entry.name()));
            tensors.put(
                    entry.name(),
                    new GgufTensor(file, entry.name(), type(entry, shared), entry.id(), entry.dims(), bytesOfTensor));
        }
        return tensors;
    }

    private static TensorType type(TensorEntry entry, Map<Integer, TensorType> shared) {
        return shared.getOrDefault(entry.id(), entry.type());
    }

    private MemorySegment data(TensorEntry entry, TensorType type) throws GgufException {
        long size;
        try {
            size = type.hasKnownSize() ? type.bytes(entry.weights()) : Math.max(1, entry.room());
        } catch (ArithmeticException e) {
            throw cursor.damaged(
                    entry.at(),
                    "tensor " + entry.name() + " has " + entry.weights() + " weights",
                    "a size within 63 bits");
        }
        if (size > entry.room()) {
            throw cursor.wrong(
                    entry.at(),
                    "tensor " + entry.name() + " has " + size + " bytes at offset " + entry.offset(),
                    "at most " + Math.max(0, entry.room()) + " bytes up to " + entry.next(),
                    "the file is cut off or damaged; get it again");
        }
        return bytes.asSlice(dataStart + entry.offset(), size);
    }
}
