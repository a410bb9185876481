package io.qk256.llm.generation;

/** Guesses how a text goes on, for {@link SpeculativeDecoder}. A wrong guess costs time only. For one thread at a time. */
public interface TokenGuesser {

    /** Begins a text; an earlier one is forgotten. */
    void start(int[] text);

    /** Adds the next token of the text. */
    void accept(int token);

    /**
     * Guesses the next tokens.
     *
     * @param out receives the guesses, from {@code at} on
     * @param most the most guesses wanted, 0 or more
     * @return the number of guesses, 0 if there is nothing to go by
     */
    int guess(int[] out, int at, int most);
}
