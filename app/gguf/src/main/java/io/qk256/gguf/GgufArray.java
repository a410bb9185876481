package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * An array of metadata values, decoded on request. Immutable and thread-safe; readable while the file is open.
 *
 * <p>Accessors throw {@link IndexOutOfBoundsException} if the index is outside {@code [0, size)}, and
 * {@link IllegalStateException} if they do not match the {@linkplain #elementType() element type}.
 */
public final class GgufArray {

    private final ValueType elementType;
    private final int size;
    private final MemorySegment data;
    private final long[] stringStarts;

    /** @param stringStarts for strings, the offset in the data of each string's length; otherwise empty */
    GgufArray(ValueType elementType, int size, MemorySegment data, long[] stringStarts) {
        this.elementType = elementType;
        this.size = size;
        this.data = data;
        this.stringStarts = stringStarts;
    }

    /** The type of all elements, never {@link ValueType#ARRAY}. */
    public ValueType elementType() {
        return elementType;
    }

    /** Number of elements. */
    public int size() {
        return size;
    }

    /** Returns an element of an integer type; a u64 of 2^63 or more comes out negative. */
    public long integer(int i) {
        require(elementType.isInteger(), "an integer");
        return GgufValue.integer(elementType, data, at(i));
    }

    /** Copies all i32 elements, for callers that read many of them. */
    public int[] integers() {
        require(elementType == ValueType.I32, "i32");
        return data.toArray(LittleEndian.I32);
    }

    /** Returns an f32 or f64 element. */
    public double real(int i) {
        require(elementType.isReal(), "f32 or f64");
        return GgufValue.real(elementType, data, at(i));
    }

    /** Returns a bool element. */
    public boolean bool(int i) {
        require(elementType == ValueType.BOOL, "bool");
        return data.get(LittleEndian.I8, at(i)) != 0;
    }

    /** Returns a string element. */
    public String text(int i) {
        require(elementType == ValueType.STRING, "string");
        long start = stringStarts[i];
        long length = data.get(LittleEndian.I64, start);
        byte[] utf8 = data.asSlice(start + Long.BYTES, length).toArray(LittleEndian.I8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /**
     * Copies all string elements to the heap, for callers that read many of them.
     *
     * @throws GgufException if the strings take 2 GiB or more
     */
    public GgufStrings strings() throws GgufException {
        require(elementType == ValueType.STRING, "string");
        if (data.byteSize() > Integer.MAX_VALUE) {
            throw new GgufException("an array of " + size + " strings takes " + data.byteSize()
                    + " bytes, expected at most " + Integer.MAX_VALUE);
        }
        return new GgufStrings(data.toArray(LittleEndian.I8), stringStarts);
    }

    /** The bytes of all elements as stored in the file. */
    MemorySegment data() {
        return data;
    }

    private long at(int i) {
        return (long) i * elementType.minBytes();
    }

    private void require(boolean fits, String wanted) {
        if (!fits) {
            throw new IllegalStateException("array of " + elementType.label() + ", read as " + wanted);
        }
    }

    /** Returns the number of elements and their type. */
    @Override
    public String toString() {
        return size + " x " + elementType.label();
    }
}
