package io.qk256.llm.text;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A GGUF file with only metadata, valid or not. Java types map to GGUF types. */
final class MetadataFile {

    private final Map<String, Object> entries = new LinkedHashMap<>();

    /**
     * Sets a value: a string, bool, u32 (Integer), list of strings, array of i32 or f32.
     */
    MetadataFile with(String key, Object value) {
        entries.put(key, value);
        return this;
    }

    MetadataFile without(String key) {
        entries.remove(key);
        return this;
    }

    @SuppressWarnings("unchecked")
    List<String> strings(String key) {
        return (List<String>) Objects.requireNonNull(entries.get(key), key);
    }

    GgufFile open() throws GgufException {
        return GgufFile.of(MemorySegment.ofArray(bytes()), "test.gguf");
    }

    private byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        i32(out, 3);
        i64(out, 0);
        i64(out, entries.size());
        entries.forEach((key, value) -> {
            string(out, key);
            value(out, value);
        });
        return out.toByteArray();
    }

    private static void value(ByteArrayOutputStream out, Object value) {
        switch (value) {
            case Integer number -> {
                i32(out, 4);
                i32(out, number);
            }
            case Boolean bool -> {
                i32(out, 7);
                out.write(bool ? 1 : 0);
            }
            case String text -> {
                i32(out, 8);
                string(out, text);
            }
            case List<?> texts -> {
                array(out, 8, texts.size());
                texts.forEach(text -> string(out, (String) text));
            }
            case int[] numbers -> {
                array(out, 5, numbers.length);
                for (int number : numbers) {
                    i32(out, number);
                }
            }
            case float[] numbers -> {
                array(out, 6, numbers.length);
                for (float number : numbers) {
                    i32(out, Float.floatToRawIntBits(number));
                }
            }
            default -> throw new IllegalArgumentException(value.getClass().getName());
        }
    }

    private static void array(ByteArrayOutputStream out, int type, int size) {
        i32(out, 9);
        i32(out, type);
        i64(out, size);
    }

    private static void string(ByteArrayOutputStream out, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        i64(out, utf8.length);
        out.writeBytes(utf8);
    }

    private static void i32(ByteArrayOutputStream out, int value) {
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    private static void i64(ByteArrayOutputStream out, long value) {
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }
}
