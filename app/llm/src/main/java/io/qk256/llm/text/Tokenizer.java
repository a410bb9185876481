package io.qk256.llm.text;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Converts text to tokens and back, as the model of a file was trained to read it. Immutable and thread-safe.
 *
 * <p>Every text can be encoded, and decoding returns the same text, except that unpaired surrogates become U+FFFD. The
 * time is O(n log n) for any n characters. There are two kinds: byte-level BPE ({@code gpt2} in {@code
 * tokenizer.ggml.model}), and BPE as SentencePiece does it ({@code llama}), which also reads U+2581 as a space.
 */
public interface Tokenizer {

    /**
     * Reads the tokenizer of a model file; the file may be closed afterwards.
     *
     * @throws GgufException if the file has no tokenizer, an unsupported one, or a damaged one
     */
    static Tokenizer of(GgufFile file) throws GgufException {
        return new TokenizerReader(file).read();
    }

    /** The number of tokens; ids are 0 to this minus 1. */
    int vocabularySize();

    /** The token that begins a text, if the model has one. */
    OptionalInt beginOfText();

    /** The token that ends a text. */
    int endOfText();

    /** The token that ends a turn of a conversation; empty for a model that only continues text. */
    OptionalInt endOfTurn();

    /** Whether the model expects {@link #beginOfText} before a text. */
    boolean addsBeginOfText();

    /**
     * Whether the model expects {@link #endOfText} after a text that is complete, such as one to embed. A prompt is
     * continued and has no end.
     */
    boolean addsEndOfText();

    /** Whether this token completes an answer: the end of the text, of the turn, or of a message. */
    boolean isStop(int token);

    /** The template for conversations that the file carries, in Jinja, which nobody has checked. */
    Optional<String> chatTemplate();

    /** The special token that is written like this, such as {@code <|eot_id|>}. */
    OptionalInt findMark(String name);

    /**
     * Encodes a text.
     *
     * @param addBos whether to prepend {@link #beginOfText}
     * @param parseSpecial whether special tokens spelled out, such as {@code <|eot_id|>}, become those tokens; never
     *     use this for untrusted text, which could pose as another speaker
     * @throws IllegalArgumentException if the model has no token that begins a text, and {@code addBos} asks for one
     */
    int[] encode(String text, boolean addBos, boolean parseSpecial);

    /**
     * Encodes a text of which only some parts may contain special tokens, such as the parts of a conversation that a
     * template has written. Everything else is split and merged as one text, as in training: in {@code "User: " + "Hi"},
     * the space goes with the message.
     */
    int[] encode(String text, MarkFilter marks);

    /** Says where special tokens spelled out in a text become those tokens. */
    @FunctionalInterface
    interface MarkFilter {

        /** Whether the characters from {@code start} to {@code end}, exclusive, may be a special token. */
        boolean allows(int start, int end);
    }

    /**
     * Decodes tokens to text. Control tokens give no text; bytes that are not UTF-8 become U+FFFD; the space that some
     * models have before every text is left out.
     *
     * @throws IllegalArgumentException if a token is not in the vocabulary
     */
    String decode(int... tokens);

    /**
     * Returns a token for display; control tokens by their names.
     *
     * @throws IllegalArgumentException if the token is not in the vocabulary
     */
    String describe(int token);

    /**
     * The bytes that a token adds to the text, perhaps an incomplete character; none for control tokens.
     *
     * @throws IllegalArgumentException if the token is not in the vocabulary
     */
    byte[] textBytes(int token);

    /**
     * The same tokenizer, which brings texts to Unicode's normal form C first, as Hugging Face's tokenizers of the Qwen
     * family do and llama.cpp does not. Decoding then returns the normal form.
     */
    Tokenizer withNfc();
}
