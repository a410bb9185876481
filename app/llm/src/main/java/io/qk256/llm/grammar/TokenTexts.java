package io.qk256.llm.grammar;

import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The texts of a model's tokens, arranged so that a grammar finds those that may come next: a tree whose paths are the
 * bytes of tokens. Takes a fraction of a second and some megabytes for a large vocabulary, so make one for a model.
 * Thread-safe.
 */
public final class TokenTexts {

    private static final byte ROOT = 0;

    private final Tokenizer tokenizer;
    private final int vocabularySize;

    /** Tokens with text, in the order of their bytes. */
    private final int[] tokens;

    /** The tree's nodes, each followed by those below it. The byte that leads to a node: */
    private byte[] labels = new byte[1024];

    /** the node after those below it: */
    private int[] ends = new int[1024];

    /** the place in {@link #tokens} of the first token at or below it: */
    private int[] firsts = new int[1024];

    /** the state in which the path leaves a string of any text, begun between two characters: */
    private byte[] states = new byte[1024];

    /** and the characters that have begun in it. */
    private int[] characters = new int[1024];

    private int size;

    /** The nodes where such a string ends, ascending. */
    private int[] closings = new int[0];

    /** Tokens that stay inside a string, by the most characters that may begin in it. */
    private final Map<Integer, BitSet> inStrings = new HashMap<>();

    private final int maxCharacters;

    private TokenTexts(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.vocabularySize = tokenizer.vocabularySize();
        byte[][] bytes = new byte[vocabularySize][];
        Arrays.setAll(bytes, tokenizer::textBytes);
        BitSet single = new BitSet();
        int[] withText = new int[vocabularySize];
        int count = 0;
        for (int id = 0; id < vocabularySize; id++) {
            if (bytes[id].length > 0 && !tokenizer.isStop(id)) {
                withText[count++] = id;
                if (bytes[id].length == 1) {
                    single.set(Byte.toUnsignedInt(bytes[id][0]));
                }
            }
        }
        requireBytes(single);
        this.tokens = sorted(Arrays.copyOf(withText, count), bytes);
        build(bytes);
        this.maxCharacters = Arrays.stream(characters, 0, size).max().orElse(0);
    }

    /**
     * Arranges the tokens of a tokenizer.
     *
     * @throws UserError if there are characters that the vocabulary cannot write byte by byte
     */
    public static TokenTexts of(Tokenizer tokenizer) {
        return new TokenTexts(tokenizer);
    }

    /** Every text that a grammar has begun can be finished byte by byte. */
    private static void requireBytes(BitSet single) {
        for (int b = ' '; b <= 0xBF; b++) {
            if (b != 0x7F && !single.get(b)) {
                throw new UserError(
                        "answers of this model cannot be kept in a form: its vocabulary has no token for the"
                                + " byte 0x" + Integer.toHexString(b) + " alone");
            }
        }
    }

    private static int[] sorted(int[] ids, byte[][] bytes) {
        return Arrays.stream(ids)
                .boxed()
                .sorted((a, b) -> Arrays.compareUnsigned(bytes[a], bytes[b]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private void build(byte[][] bytes) {
        int[] path = new int
                [1 + Arrays.stream(bytes).mapToInt(each -> each.length).max().orElse(0)];
        int depth = 0;
        add(ROOT, 0, StringLexer.TEXT, 0);
        BitSet closing = new BitSet();
        byte[] before = {};
        for (int i = 0; i < tokens.length; i++) {
            byte[] token = bytes[tokens[i]];
            int common = Arrays.mismatch(before, token);
            common = common < 0 ? token.length : common;
            for (; depth > common; depth--) {
                ends[path[depth]] = size;
            }
            for (; depth < token.length; depth++) {
                int parent = path[depth];
                int b = Byte.toUnsignedInt(token[depth]);
                boolean begins = states[parent] == StringLexer.TEXT;
                closing.set(size, begins && b == '"');
                int state = states[parent] == StringLexer.DEAD ? StringLexer.DEAD : StringLexer.next(states[parent], b);
                path[depth + 1] = size;
                add(token[depth], i, state, characters[parent] + (begins && b != '"' ? 1 : 0));
            }
            before = token;
        }
        for (; depth >= 0; depth--) {
            ends[path[depth]] = size;
        }
        // One more node marks the end of the tokens.
        add(ROOT, tokens.length, StringLexer.DEAD, 0);
        size--;
        closings = closing.stream().toArray();
    }

    private void add(byte label, int first, int state, int begun) {
        if (size == labels.length) {
            labels = Arrays.copyOf(labels, 2 * size);
            ends = Arrays.copyOf(ends, 2 * size);
            firsts = Arrays.copyOf(firsts, 2 * size);
            states = Arrays.copyOf(states, 2 * size);
            characters = Arrays.copyOf(characters, 2 * size);
        }
        labels[size] = label;
        firsts[size] = first;
        states[size] = (byte) state;
        characters[size] = begun;
        size++;
    }

    /** The number of tokens of the vocabulary. */
    int vocabularySize() {
        return vocabularySize;
    }

    /** The bytes of a token that may be in a text; none for other tokens. */
    byte[] bytes(int token) {
        return tokenizer.isStop(token) ? new byte[0] : tokenizer.textBytes(token);
    }

    /** The node whose path is empty. */
    int root() {
        return 0;
    }

    /** The first node below another; the others follow with {@link #end}. */
    int firstBelow(int node) {
        return node + 1;
    }

    /** The node after all nodes below this one. */
    int end(int node) {
        return ends[node];
    }

    /** The byte that leads to a node, 0 to 255. */
    int label(int node) {
        return Byte.toUnsignedInt(labels[node]);
    }

    /** Adds the tokens whose bytes are the path to a node. */
    void addTokens(int node, BitSet to) {
        for (int i = firsts[node]; i < firsts[node + 1]; i++) {
            to.set(tokens[i]);
        }
    }

    /** Whether the path to a node, begun inside a string between two characters, ends there too. */
    boolean isInString(int node) {
        return states[node] == StringLexer.TEXT;
    }

    /** The characters that have begun in the path to a node. */
    int characters(int node) {
        return characters[node];
    }

    /** Adds the tokens below a node that stay inside the string, and begin at most so many characters in it. */
    void addInString(int node, int max, BitSet to) {
        long most = Math.min((long) max + characters[node], maxCharacters);
        if (node == root()) {
            to.or(inString((int) most));
            return;
        }
        for (int i = node + 1; i < ends[node]; i++) {
            if (states[i] != StringLexer.DEAD && characters[i] <= most) {
                addTokens(i, to);
            }
        }
    }

    private synchronized BitSet inString(int max) {
        return inStrings.computeIfAbsent(max, most -> {
            BitSet found = new BitSet(vocabularySize);
            for (int i = 1; i < size; i++) {
                if (states[i] != StringLexer.DEAD && characters[i] <= most) {
                    addTokens(i, found);
                }
            }
            return found;
        });
    }

    /** The place in {@link #closing} of the first one below a node. */
    int firstClosing(int node) {
        int place = Arrays.binarySearch(closings, node + 1);
        return place < 0 ? -place - 1 : place;
    }

    /** A node below which the string has ended with its last byte; the end of the tree for a place after the last. */
    int closing(int place) {
        return place < closings.length ? closings[place] : size;
    }
}
