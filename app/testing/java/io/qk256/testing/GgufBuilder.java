package io.qk256.testing;

import io.qk256.gguf.ValueType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes the bytes of a GGUF file, valid or not, field by field. */
public final class GgufBuilder {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public static GgufBuilder header(long tensors, long entries) {
        return new GgufBuilder().raw("GGUF").i32(3).i64(tensors).i64(entries);
    }

    public GgufBuilder i8(int value) {
        out.write(value);
        return this;
    }

    public GgufBuilder i32(int value) {
        return i8(value).i8(value >> 8).i8(value >> 16).i8(value >> 24);
    }

    public GgufBuilder i64(long value) {
        return i32((int) value).i32((int) (value >> 32));
    }

    public GgufBuilder raw(String latin1) {
        return raw(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    public GgufBuilder raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    /** Writes a length and characters; each character is one byte. */
    public GgufBuilder string(String latin1) {
        return i64(latin1.length()).raw(latin1);
    }

    public GgufBuilder entry(String key, ValueType type) {
        return string(key).i32(type.id());
    }

    public GgufBuilder tensor(String name, int type, long offset, long... dims) {
        string(name).i32(dims.length);
        for (long dim : dims) {
            i64(dim);
        }
        return i32(type).i64(offset);
    }

    /** Writes zeros up to the next multiple of 32, then the given number of zeros. */
    public GgufBuilder data(int bytes) {
        return raw(new byte[Math.ceilDiv(out.size(), 32) * 32 - out.size() + bytes]);
    }

    public byte[] bytes() {
        return out.toByteArray();
    }
}
