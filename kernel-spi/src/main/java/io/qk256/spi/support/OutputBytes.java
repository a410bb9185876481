package io.qk256.spi.support;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Accepts the bytes of an {@link OutputFile}, in order. Not thread-safe. */
public final class OutputBytes {

    /** The JDK copies heap memory before it writes it, so it is written in pieces. */
    private static final long PIECE_BYTES = 1 << 24;

    private final Pieces pieces;
    private long count;

    @FunctionalInterface
    interface Pieces {
        void write(ByteBuffer piece) throws IOException;
    }

    OutputBytes(Pieces pieces) {
        this.pieces = pieces;
    }

    /** Writes all bytes of a segment. */
    public void write(MemorySegment bytes) throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += PIECE_BYTES) {
            long size = Math.min(PIECE_BYTES, bytes.byteSize() - at);
            pieces.write(bytes.asSlice(at, size).asByteBuffer());
            count += size;
        }
    }

    /** Writes all bytes of an array. */
    public void write(byte[] bytes) throws IOException {
        write(MemorySegment.ofArray(bytes));
    }

    /** Writes zeros until the number of bytes written so far is a multiple of the argument. */
    public void pad(long multiple) throws IOException {
        write(new byte[(int) (Math.ceilDiv(count, multiple) * multiple - count)]);
    }
}
