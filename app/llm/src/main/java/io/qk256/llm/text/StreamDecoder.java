package io.qk256.llm.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Decodes text token by token. A character whose bytes are spread over several tokens is returned when it is complete;
 * bytes that cannot become valid UTF-8 are returned as U+FFFD. The concatenated results equal what
 * {@link Tokenizer#decode} returns for all tokens at once, after any text: the space that some models have before their
 * first word is kept. Not thread-safe.
 */
public final class StreamDecoder {

    /** A character has at most four bytes, so at most three can be pending. */
    private static final int MAX_WAITING = 3;

    private final Tokenizer tokenizer;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer bytes = ByteBuffer.allocate(64);

    /** Creates a decoder without pending bytes. */
    public StreamDecoder(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Returns the text that this token completes, which may be empty.
     *
     * @throws IllegalArgumentException if the token is not in the vocabulary
     */
    public String accept(int token) {
        byte[] added = tokenizer.textBytes(token);
        if (added.length > bytes.remaining()) {
            bytes = ByteBuffer.allocate(MAX_WAITING + 2 * added.length).put(bytes.flip());
        }
        bytes.put(added);
        return decode(false);
    }

    /** Returns the rest: U+FFFD if a character is incomplete. The next token starts a new text. */
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
