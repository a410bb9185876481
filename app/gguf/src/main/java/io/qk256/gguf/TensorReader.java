package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * A tensor entry as stored in the header.
     *
     * @param at where the entry starts in the file
     * @param offset where the data starts, counted from the start of the data section
     */
    private record Entry(long at, String name, TensorType type, int id, List<Long> dims, long weights, long offset) {

        Entry as(TensorType other) {
            return new Entry(at, name, other, id, dims, weights, offset);
        }
    }

    TensorReader(
            String file, MemorySegment bytes, Cursor cursor, String architecture, TypeRules rules, long alignment) {
        this.file = file;
        this.bytes = bytes;
        this.cursor = cursor;
        this.architecture = architecture;
        this.rules = rules;
        this.alignment = alignment;
    }

    Map<String, GgufTensor> read(long count) throws GgufException {
        for (long i = 0; i < count; i++) {
            entry("tensor " + i);
        }
        return place();
    }

    private void entry(String field) throws GgufException {
        long at = cursor.position();
        String name = name("name of " + field);
        List<Long> dims = dims(name);
        int id = cursor.i32("type of " + name);
        TensorType type = type(cursor.position() - Integer.BYTES, name, id);
        long weights = weights(at, name, type, dims);
        long offset = offset(name);
        Entry entry = new Entry(at, name, type, id, dims, weights, offset);
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
                        TensorType.wasRemoved(id)
                                ? "ggml has removed this type; convert the model again with a current converter"
                                : "the file is damaged, or newer than this program"));
    }

    private long weights(long at, String name, TensorType type, List<Long> dims) throws GgufException {
        long weights = 1;
        try {
            for (long dim : dims) {
                weights = Math.multiplyExact(weights, dim);
            }
        } catch (ArithmeticException e) {
            throw cursor.damaged(at, "tensor " + name + " has dimensions " + dims, "a product within 63 bits");
        }
        if (dims.getFirst() % type.blockWeights() != 0) {
            throw cursor.wrong(
                    at,
                    "tensor " + name + " of " + type.label() + " has " + dims.getFirst() + " columns",
                    "a multiple of " + type.blockWeights(),
                    "the type does not fit this shape; convert the model to another type");
        }
        return weights;
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

    /** Finds the bytes of each tensor, last to first: each must end before the next one starts. */
    private Map<String, GgufTensor> place() throws GgufException {
        long dataStart = Math.ceilDiv(cursor.position(), alignment) * alignment;
        List<Entry> byOffset = new ArrayList<>(entries.values());
        byOffset.sort(Comparator.comparingLong(Entry::offset));
        Map<String, MemorySegment> data = new HashMap<>();
        long limit = bytes.byteSize() - dataStart;
        String next = "the end of the file";
        for (Entry entry : byOffset.reversed()) {
            Entry sized = Q2Size.decide(entry.type(), entry.id(), entry.dims(), limit - entry.offset(), alignment)
                    .map(entry::as)
                    .orElse(entry);
            entries.put(entry.name(), sized);
            data.put(entry.name(), data(sized, dataStart, limit, next));
            limit = entry.offset();
            next = "tensor " + entry.name();
        }
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (Entry entry : entries.values()) {
            MemorySegment bytesOfTensor = Objects.requireNonNull(data.get(entry.name()));
            tensors.put(
                    entry.name(),
                    new GgufTensor(file, entry.name(), entry.type(), entry.id(), entry.dims(), bytesOfTensor));
        }
        return tensors;
    }

    /**
     * Returns the bytes of one tensor.
     *
     * @param limit where the next tensor, or the end of the file, is in the data section
     * @param next a description of what {@code limit} is, for messages
     */
    private MemorySegment data(Entry entry, long dataStart, long limit, String next) throws GgufException {
        long room = limit - entry.offset();
        long size;
        try {
            size = entry.type().hasKnownSize() ? entry.type().bytes(entry.weights()) : Math.max(1, room);
        } catch (ArithmeticException e) {
            throw cursor.damaged(
                    entry.at(),
                    "tensor " + entry.name() + " has " + entry.weights() + " weights",
                    "a size within 63 bits");
        }
        if (Q2Size.isOf128(entry.id(), entry.weights(), room, alignment)) {
            throw cursor.wrong(
                    entry.at(),
                    "tensor " + entry.name() + " of type 42 has " + room + " bytes for " + entry.weights()
                            + " weights, which is Q2_0 in groups of 128 as PrismML's program packs it",
                    "groups of 64 (" + TensorType.Q2_0.bytes(entry.weights()) + " bytes) as ggml packs it",
                    "get the model in ggml's packing, whose file name often ends in Q2_0_g64.gguf");
        }
        if (size > room) {
            throw cursor.wrong(
                    entry.at(),
                    "tensor " + entry.name() + " has " + size + " bytes at offset " + entry.offset(),
                    "at most " + Math.max(0, room) + " bytes up to " + next,
                    "the file is cut off or damaged; get it again");
        }
        return bytes.asSlice(dataStart + entry.offset(), size);
    }
}
