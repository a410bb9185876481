package io.qk256.llm.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Text that arrives token by token. A character whose bytes are spread over several tokens comes out when it is
 * complete; what cannot become UTF-8 any more comes out as U+FFFD. Together the texts are what {@link Tokenizer#decode}
 * gives for all tokens at once. Not thread-safe.
 */
public final class StreamDecoder {

    /** A character has at most four bytes, so at most three can be waiting. */
    private static final int MAX_WAITING = 3;

    private final Tokenizer tokenizer;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer bytes = ByteBuffer.allocate(64);

    /** A stream that starts with no text. */
    public StreamDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * The text that is complete with this token, which may be empty.
     *
     * @throws IllegalArgumentException if it is not in the vocabulary
     */
    public String accept(int token) {
        byte[] added = tokenizer.textBytes(token);
        if (added.length > bytes.remaining()) {
            bytes = ByteBuffer.allocate(MAX_WAITING + 2 * added.length).put(bytes.flip());
        }
        bytes.put(added);
        return decode(false);
    }

    /** The rest: U+FFFD if a character was left incomplete. The next token starts a new text. */
    public String finish() {
        String rest = decode(true);
        decoder.reset();
        return rest;
    }

    private String decode(boolean endOfInput) {
        bytes.flip();
        CharBuffer text = CharBuffer.allocate(bytes.remaining());
        decoder.decode(bytes, text, endOfInput);
        bytes.compact();
        return text.flip().toString();
    }
}
