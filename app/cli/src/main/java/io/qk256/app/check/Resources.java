package io.qk256.app.check;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The recorded data beside this class; PROVENANCE.md there says what it is and where it comes from. */
final class Resources {

    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long CACHE_LINE = 64;

    private Resources() {}

    /** Returns the bytes of a file, off-heap. */
    static MemorySegment bytes(String name, Arena arena) {
        byte[] heap = read(name);
        return arena.allocate(heap.length, CACHE_LINE).copyFrom(MemorySegment.ofArray(heap));
    }

    static int[] ints(String name) {
        return MemorySegment.ofArray(read(name)).toArray(I32);
    }

    static float[] floats(String name) {
        return MemorySegment.ofArray(read(name)).toArray(F32);
    }

    private static byte[] read(String name) {
        try (InputStream in = Resources.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(
                        "the application lacks its file io/qk256/app/check/" + name + "; install it again");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read io/qk256/app/check/" + name, e);
        }
    }
}
