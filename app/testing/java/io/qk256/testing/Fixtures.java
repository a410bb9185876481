package io.qk256.testing;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.WeightFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/** Files written by other projects' code; see PROVENANCE.md beside them. */
public final class Fixtures {

    private Fixtures() {}

    public static byte[] bytes(String name) {
        String path = name.startsWith("/") ? name : "/fixtures/" + name;
        try (InputStream in = Objects.requireNonNull(Fixtures.class.getResourceAsStream(path), path)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the bytes off-heap, aligned to 64 bytes. */
    public static MemorySegment segment(String name) {
        return segment(bytes(name));
    }

    public static MemorySegment segment(byte[] bytes) {
        return Arena.ofAuto().allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes));
    }

    /** Returns recorded data that the application embeds for its proof. */
    public static MemorySegment ofProof(String name) {
        return segment("/io/qk256/app/check/" + name);
    }

    /** Returns the small embedded model. */
    public static GgufFile demo() throws GgufException {
        return WeightFile.of(ofProof("demo-i2_s.gguf"), "the embedded model");
    }

    public static GgufTensor tensor(String name, TensorType type, long cols, long rows, MemorySegment data) {
        return new GgufTensor("test", name, type, List.of(cols, rows), data);
    }
}
