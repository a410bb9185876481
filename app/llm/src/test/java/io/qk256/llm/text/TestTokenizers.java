package io.qk256.llm.text;

/** Tokenizers for the tests of other packages. */
public final class TestTokenizers {

    private TestTokenizers() {}

    /** Every byte is a token, and there are begin-of-text, end-of-text and end-of-turn tokens. */
    public static Tokenizer ofLetters() {
        return Tokenizers.of(Tokenizers.small());
    }
}
