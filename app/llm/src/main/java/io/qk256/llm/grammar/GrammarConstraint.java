package io.qk256.llm.grammar;

import io.qk256.llm.generation.TokenConstraint;
import java.util.BitSet;

/** One text of a grammar. */
final class GrammarConstraint implements TokenConstraint {

    private final TokenTexts texts;
    private final TokenAutomaton automaton;
    private Node rest;

    GrammarConstraint(TokenTexts texts, TokenAutomaton automaton) {
        this.texts = texts;
        this.automaton = automaton;
        this.rest = automaton.start();
    }

    @Override
    public BitSet allowed() {
        return automaton.allowed(rest);
    }

    @Override
    public boolean mayEnd() {
        return rest.mayEnd();
    }

    @Override
    public void accept(int token) {
        byte[] bytes = texts.bytes(token);
        Node after = bytes.length == 0 ? Node.NONE : automaton.after(rest, bytes);
        if (after.equals(Node.NONE)) {
            throw new IllegalArgumentException("token " + token + " is not allowed here");
        }
        rest = after;
    }
}
