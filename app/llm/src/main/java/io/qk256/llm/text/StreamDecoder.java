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
    private int begin;

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
        if (bytes.position() == 0 || added.length == 0) {
            begin = 0;
            bytes.put(added);
            return decode(false);
        }
        // Its first byte tells whether the token goes on with what is waiting or leaves it incomplete.
        bytes.put(added, 0, 1);
        String first = decode(false);
        int characters = first.codePointCount(0, first.length());
        begin = bytes.position() > 0 ? characters : characters - 1;
        bytes.put(added, 1, added.length - 1);
        return first + decode(false);
    }

    /**
     * Where the text of the last token begins, counted in characters (code points) from all that was returned before
     * that token: 1 if U+FFFD for what the tokens before it have left incomplete precedes it, otherwise 0. A token that
     * goes on with a character begins where that character does.
     */
    public int begin() {
        return begin;
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
