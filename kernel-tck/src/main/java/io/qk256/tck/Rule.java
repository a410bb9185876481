package io.qk256.tck;

/**
 * One of the {@link Rules}.
 *
 * @param number its number in SPEC.md
 * @param words its name in SPEC.md
 * @param level whether a kernel must keep it
 */
public record Rule(int number, String words, Level level) {

    private static final int CORE_RULES = 12;

    /** Whether a kernel must keep a rule. */
    public enum Level {
        /** A module that breaks it is not a kernel. */
        MUST,
        /** A kernel should keep it; a violation is reported but passes. */
        SHOULD
    }

    /** Whether it is one of the first twelve tests that every kernel had to pass: rules 1 to 12. */
    public boolean isCore() {
        return number <= CORE_RULES;
    }

    /** Its level in reports: {@code MUST}, {@code MUST, core} or {@code SHOULD}. */
    public String standing() {
        return level + (isCore() ? ", core" : "");
    }

    /** Whether a test with that name, or a message that starts with it, belongs to this rule. */
    public boolean isOf(String name) {
        return name.equals(toString()) || name.startsWith(this + ",") || name.startsWith(this + ":");
    }

    /** Number and name, with which test names begin: {@code rule 5 partial block}. */
    @Override
    public String toString() {
        return "rule " + number + " " + words;
    }
}
