package io.qk256.llm.text;

/** Tokenizers for the tests of other packages. */
public final class TestTokenizers {

    private TestTokenizers() {}

    /** Every byte is a token, and there are begin-of-text, end-of-text and end-of-turn tokens. */
    public static Tokenizer ofLetters() {
        return Tokenizers.of(Tokenizers.small());
    }

    /** The byte-level BPE of the model embedded in the application. */
    public static Tokenizer demo() {
        return Tokenizers.demo();
    }

    /** SentencePiece's kind, with some words, punctuation of JSON, and every byte. */
    public static Tokenizer sentencePieces() {
        return SentencePieces.ofJson();
    }
}
