package io.qk256.llm.text;

/** Turns text into tokens; special tokens have been cut out of it. Thread-safe. */
interface TextEncoder {

    /**
     * Encodes the text at the beginning, at the end, or between two special tokens.
     *
     * @param text not empty, without unpaired surrogates
     */
    void encode(String text, TokenList out);

    /** Whether encoding puts a space before the text. */
    boolean beginsWithSpace();

    /** The same, for text in normal form C, which this brings it to. */
    default TextEncoder afterNfc() {
        TextEncoder plain = this;
        return new TextEncoder() {
            @Override
            public void encode(String text, TokenList out) {
                plain.encode(NormalForm.ofText(text), out);
            }

            @Override
            public boolean beginsWithSpace() {
                return plain.beginsWithSpace();
            }

            @Override
            public TextEncoder afterNfc() {
                return this;
            }
        };
    }
}
