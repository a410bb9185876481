package io.qk256.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Collects the bytes of a GGUF header. Not thread-safe. */
final class LittleEndianBytes {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    byte[] toByteArray() {
        return out.toByteArray();
    }

    LittleEndianBytes i32(int value) {
        return number(value, Integer.BYTES);
    }

    LittleEndianBytes i64(long value) {
        return number(value, Long.BYTES);
    }

    LittleEndianBytes bytes(MemorySegment bytes) {
        out.writeBytes(bytes.toArray(LittleEndian.I8));
        return this;
    }

    /** Adds a u64 length and that many bytes of UTF-8. */
    LittleEndianBytes text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        i64(utf8.length);
        out.writeBytes(utf8);
        return this;
    }

    LittleEndianBytes bool(boolean value) {
        return number(value ? 1 : 0, 1);
    }

    LittleEndianBytes integer(ValueType type, long value) {
        if (!type.isInteger()) {
            throw new IllegalArgumentException(value + " as " + type.label() + ", expected an integer type");
        }
        int bits = 8 * type.minBytes();
        boolean signed = type == ValueType.I8 || type == ValueType.I16 || type == ValueType.I32;
        boolean fits = bits == Long.SIZE || (signed ? value >> (bits - 1) == value >> 63 : value >>> bits == 0);
        if (!fits) {
            throw new IllegalArgumentException(value + " does not fit in " + type.label());
        }
        return number(value, type.minBytes());
    }

    LittleEndianBytes real(ValueType type, double value) {
        return switch (type) {
            case F32 -> i32(Float.floatToRawIntBits((float) value));
            case F64 -> i64(Double.doubleToRawLongBits(value));
            default -> throw new IllegalArgumentException(value + " as " + type.label() + ", expected f32 or f64");
        };
    }

    private LittleEndianBytes number(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> (8 * i)));
        }
        return this;
    }
}
