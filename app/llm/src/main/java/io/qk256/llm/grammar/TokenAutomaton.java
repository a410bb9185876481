package io.qk256.llm.grammar;

import io.qk256.spi.support.UserError;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Walks the tree of a vocabulary's tokens with a grammar, and keeps what it has found: the same place in the grammar
 * allows the same tokens. Thread-safe.
 */
final class TokenAutomaton {

    /** Most places have a set of tokens of some kilobytes. When it is full, everything is forgotten. */
    private static final int MAX_SETS = 512;

    private static final int MAX_STATES = 50_000;

    /** Of expressions that are looked at for one set of tokens: about a tenth of a second. */
    private static final int MAX_WORK = 300_000;

    private static final int MAX_WIDTH = 2_000;

    private final TokenTexts texts;
    private final Node start;
    private final Map<Node, State> states = new HashMap<>();
    private int sets;
    private int work;

    TokenAutomaton(TokenTexts texts, Node start) {
        this.texts = texts;
        this.start = start;
    }

    /** A place in the grammar. */
    private static final class State {

        private final Node node;
        private final @Nullable FreeString string;
        private final Node afterString;

        /** By the upper and the lower half of the byte. */
        private final State[][] next = new State[16][];

        private @Nullable BitSet allowed;

        State(Node node) {
            this.node = node;
            Node head = node instanceof Node.Seq seq ? seq.head : node;
            this.string = head instanceof FreeString free && free.isBetweenCharacters() ? free : null;
            this.afterString = node instanceof Node.Seq seq ? seq.tail : Node.END;
        }
    }

    Node start() {
        return start;
    }

    /** The tokens that may come; the set must not be changed. */
    synchronized BitSet allowed(Node node) {
        if (sets >= MAX_SETS || states.size() >= MAX_STATES) {
            states.clear();
            sets = 0;
        }
        work = 0;
        State state = state(node);
        BitSet allowed = state.allowed;
        if (allowed == null) {
            allowed = new BitSet(texts.vocabularySize());
            walk(texts.root(), state, allowed);
            state.allowed = allowed;
            sets++;
        }
        return allowed;
    }

    /** What may come after these bytes; {@link Node#NONE} if they may not come. */
    synchronized Node after(Node node, byte[] bytes) {
        work = 0;
        State state = state(node);
        for (byte b : bytes) {
            state = next(state, Byte.toUnsignedInt(b));
        }
        return state.node;
    }

    private void walk(int node, State state, BitSet allowed) {
        FreeString string = state.string;
        if (string != null && texts.isInString(node)) {
            texts.addInString(node, string.max(), allowed);
            closeString(node, string, state(state.afterString), allowed);
            return;
        }
        for (int child = texts.firstBelow(node); child < texts.end(node); child = texts.end(child)) {
            State after = next(state, texts.label(child));
            if (!after.node.equals(Node.NONE)) {
                texts.addTokens(child, allowed);
                walk(child, after, allowed);
            }
        }
    }

    private void closeString(int node, FreeString string, State after, BitSet allowed) {
        int place = texts.firstClosing(node);
        for (int closing = texts.closing(place); closing < texts.end(node); closing = texts.closing(++place)) {
            int characters = texts.characters(closing) - texts.characters(node);
            if (characters >= string.min() && characters <= string.max()) {
                texts.addTokens(closing, allowed);
                walk(closing, after, allowed);
            }
        }
    }

    private State next(State state, int b) {
        State[] row = state.next[b >> 4];
        if (row == null) {
            row = new State[16];
            state.next[b >> 4] = row;
        }
        State after = row[b & 15];
        if (after == null) {
            after = state(state.node.next(b));
            row[b & 15] = after;
        }
        return after;
    }

    private State state(Node node) {
        State known = states.get(node);
        if (known != null) {
            return known;
        }
        int width = node.width();
        work += width;
        if (width > MAX_WIDTH || work > MAX_WORK) {
            throw new UserError("the JSON schema allows too many forms at the same place of an answer; use fewer of"
                    + " anyOf, oneOf and properties that begin alike");
        }
        State state = new State(node);
        states.put(node, state);
        return state;
    }
}
