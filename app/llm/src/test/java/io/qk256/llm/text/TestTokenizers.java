package io.qk256.llm.text;

/** Tokenizers for the tests of other packages. */
public final class TestTokenizers {

    private TestTokenizers() {}

    /** Every byte is a token, and there are marks for the begin and the end of text and the end of a turn. */
    public static Tokenizer ofLetters() {
        return Tokenizers.of(Tokenizers.small());
    }
}
