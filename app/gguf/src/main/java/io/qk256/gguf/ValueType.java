package io.qk256.gguf;

import java.util.Locale;
import java.util.Optional;

/** The types of metadata values (ggml, docs/gguf.md). */
public enum ValueType {
    U8(0, 1),
    I8(1, 1),
    U16(2, 2),
    I16(3, 2),
    U32(4, 4),
    I32(5, 4),
    F32(6, 4),
    BOOL(7, 1),
    /** A u64 length and that many bytes of UTF-8. */
    STRING(8, 8),
    /** A u32 element type, a u64 count, and the elements. */
    ARRAY(9, 12),
    U64(10, 8),
    I64(11, 8),
    F64(12, 8);

    private static final ValueType[] ALL = values();

    private final int id;
    private final int minBytes;

    ValueType(int id, int minBytes) {
        this.id = id;
        this.minBytes = minBytes;
    }

    public static Optional<ValueType> of(int id) {
        for (ValueType type : ALL) {
            if (type.id == id) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** The id in a file. */
    public int id() {
        return id;
    }

    /** The least number of bytes that a value takes; exact for numbers and bool. */
    public int minBytes() {
        return minBytes;
    }

    /** Whether {@link GgufValue#asInteger} can read it. */
    public boolean isInteger() {
        return switch (this) {
            case U8, I8, U16, I16, U32, I32, U64, I64 -> true;
            case F32, F64, BOOL, STRING, ARRAY -> false;
        };
    }

    /** Whether {@link GgufValue#asReal} can read it. */
    public boolean isReal() {
        return this == F32 || this == F64;
    }

    /** The usual name, such as u32. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
