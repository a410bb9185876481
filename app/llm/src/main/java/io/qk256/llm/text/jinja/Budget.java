package io.qk256.llm.text.jinja;

/**
 * What a template may use up while it renders one conversation. The limits grow with the conversation and are far above
 * what real templates need, about 200 steps for a message; a hostile template ends in about a second. Not thread-safe.
 */
final class Budget {

    private static final long BASE_STEPS = 300_000;
    private static final long STEPS_PER_ELEMENT = 1_000;
    private static final long STEPS_PER_CHARACTER = 4;
    private static final long BASE_CHARACTERS = 1 << 22;
    private static final long CHARACTERS_PER_CHARACTER = 32;

    /** Expressions, blocks and macro calls inside each other. */
    private static final int MAX_DEPTH = 200;

    private long steps;
    private long characters;
    private int depth;

    /**
     * A full budget.
     *
     * @param inputCharacters of all messages together
     * @param inputElements messages and their fields
     */
    Budget(long inputCharacters, long inputElements) {
        steps = BASE_STEPS + STEPS_PER_ELEMENT * inputElements + STEPS_PER_CHARACTER * inputCharacters;
        characters = BASE_CHARACTERS + CHARACTERS_PER_CHARACTER * inputCharacters;
    }

    void step(int line) {
        steps(1, line);
    }

    /** For work or elements. */
    void steps(long count, int line) {
        steps -= count;
        if (steps < 0) {
            throw JinjaException.at(line, "the template takes too many steps");
        }
    }

    /** For characters that are written into a new text, before it is made. */
    void characters(long count, int line) {
        characters -= count;
        if (characters < 0) {
            throw JinjaException.at(line, "the template makes too much text");
        }
    }

    /** For reading each character of a text. */
    void read(int length, int line) {
        steps(length >> 4, line);
    }

    /** For a search, which compares every place with the pattern in the worst case. */
    void search(int textLength, int patternLength, int line) {
        steps(((textLength >> 4) + 1L) * ((patternLength >> 4) + 1L), line);
    }

    void enter(int line) {
        if (++depth > MAX_DEPTH) {
            throw JinjaException.at(line, "the template nests deeper than " + MAX_DEPTH + " levels");
        }
    }

    void leave() {
        depth--;
    }
}
