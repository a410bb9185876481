package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads the key-value pairs of a GGUF header. */
final class MetadataReader {

    /** The length of a key, its one character, the type, and a value of one byte. */
    static final int MIN_ENTRY_BYTES = 8 + 1 + 4 + 1;

    private static final int MAX_KEY_BYTES = 65_535;

    private final String file;
    private final Cursor cursor;
    private final Map<String, GgufValue> values = new LinkedHashMap<>();

    private MetadataReader(String file, Cursor cursor) {
        this.file = file;
        this.cursor = cursor;
    }

    static Map<String, GgufValue> read(String file, Cursor cursor, long count) throws GgufException {
        MetadataReader reader = new MetadataReader(file, cursor);
        for (long i = 0; i < count; i++) {
            reader.entry(i);
        }
        return reader.values;
    }

    private void entry(long index) throws GgufException {
        long at = cursor.position();
        String key = key("key " + index);
        ValueType type = type("type of " + key);
        GgufValue value = switch (type) {
            case ARRAY -> {
                GgufArray array = array(key);
                yield new GgufValue(file, key, type, MemorySegment.NULL, Optional.of(array));
            }
            case STRING -> new GgufValue(file, key, type, cursor.string(key), Optional.empty());
            default -> new GgufValue(file, key, type, scalars(key, type, 1), Optional.empty());
        };
        if (values.putIfAbsent(key, value) != null) {
            throw cursor.damaged(at, "key " + key + " appears twice", "each key once");
        }
    }

    /** The specification requires printable ASCII; a NUL would end the key early in C programs. */
    private String key(String field) throws GgufException {
        long at = cursor.position();
        MemorySegment bytes = cursor.string(field);
        if (bytes.byteSize() == 0 || bytes.byteSize() > MAX_KEY_BYTES) {
            throw cursor.damaged(at, field + " has " + bytes.byteSize() + " bytes", "1 to " + MAX_KEY_BYTES);
        }
        byte[] ascii = bytes.toArray(LittleEndian.I8);
        for (int i = 0; i < ascii.length; i++) {
            if (ascii[i] < ' ' || ascii[i] > '~') {
                throw cursor.damaged(
                        at + Long.BYTES + i,
                        field + " holds byte " + Byte.toUnsignedInt(ascii[i]),
                        "printable ASCII (32 to 126)");
            }
        }
        return new String(ascii, StandardCharsets.US_ASCII);
    }

    private ValueType type(String field) throws GgufException {
        long at = cursor.position();
        int id = cursor.i32(field);
        return ValueType.of(id)
                .orElseThrow(
                        () -> cursor.damaged(at, field + " is " + Integer.toUnsignedString(id), "0 (u8) to 12 (f64)"));
    }

    private GgufArray array(String key) throws GgufException {
        long at = cursor.position();
        ValueType elementType = type("element type of " + key);
        if (elementType == ValueType.ARRAY) {
            throw cursor.wrong(
                    at,
                    "element type of " + key + " is array",
                    "numbers, bool or string",
                    "arrays of arrays are not supported, here or in ggml");
        }
        int count = (int) cursor.count("element count of " + key, elementType.minBytes());
        if (elementType == ValueType.STRING) {
            return strings(key, count);
        }
        return new GgufArray(elementType, count, scalars(key, elementType, count), new long[0]);
    }

    private GgufArray strings(String key, int count) throws GgufException {
        MemorySegment rest = cursor.peekRest();
        StringStarts strings = new StringStarts(rest, count);
        while (strings.found() < count) {
            long known = strings.size();
            strings.find();
            cursor.skip(key, strings.size() - known);
            if (strings.found() < count) {
                long start = cursor.position();
                try {
                    cursor.skipString(key);
                } catch (GgufException e) {
                    throw new GgufException(e.getMessage() + " (element " + strings.found() + " of " + count + ")");
                }
                strings.add(cursor.position() - start);
            }
        }
        return new GgufArray(ValueType.STRING, count, rest.asSlice(0, strings.size()), strings.starts());
    }

    private MemorySegment scalars(String key, ValueType type, long count) throws GgufException {
        long at = cursor.position();
        MemorySegment data = cursor.skip(key, count * type.minBytes());
        if (type == ValueType.BOOL) {
            for (long i = 0; i < count; i++) {
                int value = Byte.toUnsignedInt(data.get(LittleEndian.I8, i));
                if (value > 1) {
                    throw cursor.damaged(at + i, key + " is bool " + value, "0 or 1");
                }
            }
        }
        return data;
    }
}
