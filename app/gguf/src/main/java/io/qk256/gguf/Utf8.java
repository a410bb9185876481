package io.qk256.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Checks that bytes are UTF-8 without keeping the text. Not thread-safe. */
final class Utf8 {

    private static final long HIGH_BITS = 0x8080808080808080L;

    private static final byte FIRST_OF_TWO = (byte) 0xC2;
    private static final byte LAST_FIRST_OF_TWO = (byte) 0xDF;
    private static final byte LAST_CONTINUATION = (byte) 0xBF;

    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final CharBuffer discarded = CharBuffer.allocate(256);

    /** Whether the bytes {@code [from, to)} are well-formed: no overlong forms, surrogates, or truncated sequences. */
    boolean isValid(MemorySegment bytes, long from, long to) {
        return isOfShortCharacters(bytes, from, to)
                || decodes(bytes.asSlice(from, to - from).asByteBuffer());
    }

    /** Whether they are all well-formed characters of one or two bytes, as in most strings. */
    private static boolean isOfShortCharacters(MemorySegment bytes, long from, long to) {
        long i = from;
        while (i + Long.BYTES <= to && (bytes.get(LittleEndian.I64, i) & HIGH_BITS) == 0) {
            i += Long.BYTES;
        }
        while (i < to) {
            byte first = bytes.get(LittleEndian.I8, i++);
            if (first < 0) {
                boolean leadsTwo = first >= FIRST_OF_TWO && first <= LAST_FIRST_OF_TWO && i < to;
                if (!leadsTwo || bytes.get(LittleEndian.I8, i++) > LAST_CONTINUATION) {
                    return false;
                }
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
