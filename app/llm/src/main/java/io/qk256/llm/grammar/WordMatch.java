package io.qk256.llm.grammar;

import java.util.BitSet;

/**
 * How far a string agrees with words, and what may follow it.
 *
 * @param words all words
 * @param offered the indexes of the words that may be written; must not change
 * @param from the first word that begins as the string does
 * @param to the first one after it that does not
 * @param place the number of characters so far
 * @param after what follows the string
 */
record WordMatch(Words words, BitSet offered, int from, int to, int place, After after) {

    private static final int LAST_CHARACTER = Character.MAX_CODE_POINT;

    /** What follows a string, its closing quote read. */
    interface After {

        /** After a word that is offered. */
        Node word(int index);

        /** Whether another text than the words may be written. */
        boolean hasOther();

        /** After such a text; {@link Node#NONE} if there is none. */
        Node other();
    }

    /** The string from its first character on. */
    static Node string(Words words, BitSet offered, After after) {
        return new WordMatch(words, offered, 0, words.size(), 0, after).rest(StringLexer.TEXT);
    }

    /** Whether a string goes on here with a character from {@code low} to {@code high}. */
    boolean takes(int low, int high) {
        return after.hasOther() || offers(first(low), first(high + 1));
    }

    /** Whether a character may follow. */
    boolean takesMore() {
        return takes(0, LAST_CHARACTER);
    }

    /** Whether no word goes on with a character from {@code low} to {@code high}, although a string may. */
    boolean isOther(int low, int high) {
        return first(low) == first(high + 1) && after.hasOther();
    }

    /** The rest of a string that is none of the words, from a state of {@link StringLexer} on. */
    Node other(int state) {
        return Node.seq(FreeString.from(state), after.other());
    }

    /** The rest of the string after a character; {@link Node#NONE} if it may not come. */
    Node take(int character) {
        int next = first(character);
        int end = first(character + 1);
        return new WordMatch(words, offered, next, end, place + 1, after).rest(StringLexer.TEXT);
    }

    /** What follows if the string ends here. */
    Node end() {
        if (from < to && words.length(from) == place) {
            return offered.get(from) ? after.word(from) : Node.NONE;
        }
        return after.other();
    }

    private Node rest(int state) {
        if (from == to) {
            return other(state);
        }
        return after.hasOther() || offers(from, to) ? new WordString(this) : Node.NONE;
    }

    private int first(int character) {
        return words.firstFrom(from, to, place, character);
    }

    private boolean offers(int first, int end) {
        int next = offered.nextSetBit(first);
        return next >= 0 && next < end;
    }
}
