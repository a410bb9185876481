package io.qk256.llm.serving;

import java.util.List;

/**
 * A piece of a completion. The pieces of a completion make up its text.
 *
 * @param text complete characters; empty if the tokens have no text
 * @param tokens the tokens that begin in this piece. Tokens are held back with their text, while it may become a stop
 *     string or a complete character, so there can be none or several
 */
public record TextPiece(String text, List<ChosenToken> tokens) {

    /** Keeps a copy of the list. */
    public TextPiece {
        tokens = List.copyOf(tokens);
    }
}
