package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A metadata value, decoded on request. Immutable and thread-safe; readable while the file is open.
 *
 * <p>Each {@code as...} method throws a {@link GgufException} that names the file and the key if the value has
 * another type or is out of range.
 */
public final class GgufValue {

    private final String file;
    private final String key;
    private final ValueType type;
    private final MemorySegment data;
    private final Optional<GgufArray> array;

    /** @param data the bytes of a number or bool, or the characters of a string; empty for an array */
    GgufValue(String file, String key, ValueType type, MemorySegment data, Optional<GgufArray> array) {
        this.file = file;
        this.key = key;
        this.type = type;
        this.data = data;
        this.array = array;
    }

    /** The key. */
    public String key() {
        return key;
    }

    /** The type. */
    public ValueType type() {
        return type;
    }

    /**
     * Returns a value of any integer type.
     *
     * @param min the smallest valid value
     * @param max the largest valid value
     */
    public long asInteger(long min, long max) throws GgufException {
        if (!type.isInteger()) {
            throw wrongType("an integer");
        }
        long value = integer(type, data, 0);
        boolean tooLarge = type == ValueType.U64 && value < 0;
        if (tooLarge || value < min || value > max) {
            throw new GgufException(file + ": " + key + " is " + this + ", expected " + min + " to " + max
                    + "; the file is damaged or of an unsupported kind");
        }
        return value;
    }

    /** Returns a finite f32 or f64 value. */
    public double asReal() throws GgufException {
        if (!type.isReal()) {
            throw wrongType("f32 or f64");
        }
        double value = real(type, data, 0);
        if (!Double.isFinite(value)) {
            throw new GgufException(
                    file + ": " + key + " is " + value + ", expected a finite number; the file is damaged");
        }
        return value;
    }

    /** Returns a bool. */
    public boolean asBool() throws GgufException {
        if (type != ValueType.BOOL) {
            throw wrongType("bool");
        }
        return data.get(LittleEndian.I8, 0) != 0;
    }

    /** Returns a string. */
    public String asText() throws GgufException {
        if (type != ValueType.STRING) {
            throw wrongType("string");
        }
        return text();
    }

    /** Returns an array with exactly that element type. */
    public GgufArray asArray(ValueType elementType) throws GgufException {
        return array.filter(elements -> elements.elementType() == elementType)
                .orElseThrow(() -> wrongType("array of " + elementType.label()));
    }

    /** The array, whatever its element type; empty for other values. */
    public Optional<GgufArray> array() {
        return array;
    }

    /** The bytes in the file without type, length and count, read-only. */
    public MemorySegment data() {
        return array.map(GgufArray::data).orElse(data);
    }

    /** The value for display; an array is shown as its count and type. */
    @Override
    public String toString() {
        return switch (type) {
            case U64 -> Long.toUnsignedString(integer(type, data, 0));
            case U8, I8, U16, I16, U32, I32, I64 -> Long.toString(integer(type, data, 0));
            case F32 -> Float.toString(data.get(LittleEndian.F32, 0));
            case F64 -> Double.toString(data.get(LittleEndian.F64, 0));
            case BOOL -> Boolean.toString(data.get(LittleEndian.I8, 0) != 0);
            case STRING -> text();
            case ARRAY -> array.map(GgufArray::toString).orElse("");
        };
    }

    static long integer(ValueType type, MemorySegment data, long at) {
        return switch (type) {
            case U8 -> data.get(LittleEndian.I8, at) & 0xFF;
            case I8 -> data.get(LittleEndian.I8, at);
            case U16 -> data.get(LittleEndian.I16, at) & 0xFFFF;
            case I16 -> data.get(LittleEndian.I16, at);
            case U32 -> data.get(LittleEndian.I32, at) & 0xFFFF_FFFFL;
            case I32 -> data.get(LittleEndian.I32, at);
            case U64, I64 -> data.get(LittleEndian.I64, at);
            case F32, F64, BOOL, STRING, ARRAY -> throw new IllegalArgumentException(type + " is not an integer type");
        };
    }

    static double real(ValueType type, MemorySegment data, long at) {
        return type == ValueType.F32 ? data.get(LittleEndian.F32, at) : data.get(LittleEndian.F64, at);
    }

    private String text() {
        return new String(data.toArray(LittleEndian.I8), StandardCharsets.UTF_8);
    }

    private GgufException wrongType(String wanted) {
        String seen = array.map(elements -> "array of " + elements.elementType().label())
                .orElse(type.label());
        return new GgufException(file + ": " + key + " is of type " + seen + ", expected " + wanted
                + "; convert the model again with a current converter");
    }
}
