package io.qk256.app.files;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Checks that bytes are UTF-8, without keeping the text. Not thread-safe. */
final class Utf8 {

    private static final long HIGH_BITS = 0x8080808080808080L;

    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final CharBuffer discarded = CharBuffer.allocate(256);

    /** Whether the bytes are well-formed: no overlong forms, surrogates, or cut sequences. */
    boolean isValid(MemorySegment bytes) {
        return isAscii(bytes) || decodes(bytes.asByteBuffer());
    }

    private static boolean isAscii(MemorySegment bytes) {
        long size = bytes.byteSize();
        long i = 0;
        for (; i + Long.BYTES <= size; i += Long.BYTES) {
            if ((bytes.get(LittleEndian.I64, i) & HIGH_BITS) != 0) {
                return false;
            }
        }
        for (; i < size; i++) {
            if (bytes.get(LittleEndian.I8, i) < 0) {
                return false;
            }
        }
        return true;
    }

    private boolean decodes(ByteBuffer bytes) {
        decoder.reset();
        CoderResult result;
        do {
            discarded.clear();
            result = decoder.decode(bytes, discarded, true);
        } while (result.isOverflow());
        return !result.isError();
    }
}
