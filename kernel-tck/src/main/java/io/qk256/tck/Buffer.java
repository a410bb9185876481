package io.qk256.tck;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/** The memory of one operand, with guards before and after it, and a copy of the initial content of all of it. */
final class Buffer {

    /** Wider than any vector register, and a multiple of its alignment. */
    private static final int GUARD_BYTES = 128;

    private final String name;
    private final MemorySegment whole;
    private final MemorySegment view;
    private final byte[] before;
    private final int start;
    private final int length;

    private Buffer(String name, MemorySegment whole, MemorySegment view, byte[] before, int start, int length) {
        this.name = name;
        this.whole = whole;
        this.view = view;
        this.before = before;
        this.start = start;
        this.length = length;
    }

    /**
     * Floats that start {@code offset} values after a 64-byte boundary, unless the kind of memory decides the
     * start.
     */
    static Buffer of(String name, float[] values, float guard, MemoryKind home, int offset, Arena arena) {
        return of(name, values, 0, guard, home, offset, arena);
    }

    /** The same; the kernel's view has {@code beyond} additional guard values. */
    static Buffer of(String name, float[] values, int beyond, float guard, MemoryKind home, int offset, Arena arena) {
        int length = values.length * Float.BYTES;
        int viewed = length + beyond * Float.BYTES;
        int start = start(home, offset * Float.BYTES);
        float[] content = new float[size(home, start, viewed) / Float.BYTES];
        Arrays.fill(content, guard);
        System.arraycopy(values, 0, content, start / Float.BYTES, values.length);
        byte[] bytes = MemorySegment.ofArray(content).toArray(JAVA_BYTE);
        return place(name, bytes, start, length, viewed, Float.BYTES, home, arena);
    }

    /** Bytes that start {@code offset} bytes after a 64-byte boundary, unless the kind of memory decides the start. */
    static Buffer of(String name, byte[] values, byte guard, MemoryKind home, int offset, Arena arena) {
        int start = start(home, offset);
        byte[] content = new byte[size(home, start, values.length)];
        Arrays.fill(content, guard);
        System.arraycopy(values, 0, content, start, values.length);
        return place(name, content, start, values.length, values.length, Byte.BYTES, home, arena);
    }

    /** Shorts that start {@code offset} values after a 64-byte boundary, unless the kind of memory decides the start. */
    static Buffer of(String name, short[] values, short guard, MemoryKind home, int offset, Arena arena) {
        int length = values.length * Short.BYTES;
        int start = start(home, offset * Short.BYTES);
        short[] content = new short[size(home, start, length) / Short.BYTES];
        Arrays.fill(content, guard);
        System.arraycopy(values, 0, content, start / Short.BYTES, values.length);
        byte[] bytes = MemorySegment.ofArray(content).toArray(JAVA_BYTE);
        return place(name, bytes, start, length, length, Short.BYTES, home, arena);
    }

    private static Buffer place(
            String name,
            byte[] content,
            int start,
            int length,
            int viewed,
            int valueBytes,
            MemoryKind home,
            Arena arena) {
        MemorySegment whole = home.place(content, valueBytes, arena);
        MemorySegment view = whole.asSlice(start, viewed);
        return new Buffer(name, whole, home.isReadOnly() ? view.asReadOnly() : view, content, start, length);
    }

    /** The operand follows its guard bytes, or directly follows a page that cannot be accessed. */
    private static int start(MemoryKind home, int offset) {
        return switch (home) {
            case AFTER_GUARD_PAGE, WHOLE_ARRAY -> 0;
            case BEFORE_GUARD_PAGE -> GUARD_BYTES;
            default -> GUARD_BYTES + offset;
        };
    }

    private static int size(MemoryKind home, int start, int length) {
        return home == MemoryKind.BEFORE_GUARD_PAGE || home == MemoryKind.WHOLE_ARRAY
                ? start + length
                : roundUp(start + length + GUARD_BYTES);
    }

    private static int roundUp(int bytes) {
        return Math.ceilDiv(bytes, Long.BYTES) * Long.BYTES;
    }

    String name() {
        return name;
    }

    /** The memory that the kernel gets. */
    MemorySegment view() {
        return view;
    }

    /** The first byte of the operand that has changed. */
    Optional<String> change() {
        return change(start, start + view.byteSize()).map(place -> "byte " + (place - start) + describe(place));
    }

    /** The first byte around the values that has changed, even if it belongs to the operand. */
    Optional<String> changeOutside() {
        long end = (long) start + length;
        return change(0, start)
                .map(place -> "byte " + (place - start) + describe(place))
                .or(() -> change(end, before.length).map(place -> "byte " + (place - start) + describe(place)));
    }

    private Optional<Long> change(long from, long to) {
        long mismatch = MemorySegment.mismatch(whole, from, to, MemorySegment.ofArray(before), from, to);
        return mismatch < 0 ? Optional.empty() : Optional.of(from + mismatch);
    }

    private String describe(long place) {
        return " of the " + view.byteSize() + " bytes of " + name + ": seen " + whole.get(JAVA_BYTE, place)
                + ", expected " + before[(int) place] + " as before the call";
    }
}
