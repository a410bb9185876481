package io.qk256.llm.model;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.layout.WeightFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/** Results of bitnet.cpp; PROVENANCE.md next to the files describes how they were made. */
final class Recorded {

    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Recorded() {}

    static byte[] bytes(String name) {
        String path = name.startsWith("/") ? name : "/fixtures/model/" + name;
        try (InputStream in = Objects.requireNonNull(Recorded.class.getResourceAsStream(path), path)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static float[] floats(String name) {
        return MemorySegment.ofArray(bytes(name)).toArray(F32);
    }

    static int[] ints(String name) {
        return MemorySegment.ofArray(bytes(name)).toArray(I32);
    }

    /** The small trained model that is embedded in the application. */
    static GgufFile demo(String packing) throws GgufException {
        return file("/io/qk256/app/check/demo-" + packing + ".gguf");
    }

    static GgufFile file(String name) throws GgufException {
        return file(name, bytes(name));
    }

    static GgufFile file(String name, byte[] bytes) throws GgufException {
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes));
        return WeightFile.of(memory, name);
    }
}
