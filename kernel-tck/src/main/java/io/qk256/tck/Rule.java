package io.qk256.tck;

/**
 * One of the {@link Rules}.
 *
 * @param number its number in SPEC.md
 * @param words what it is called there
 * @param level whether a kernel must keep it
 */
public record Rule(int number, String words, Level level) {

    private static final int CORE_RULES = 12;

    /** Whether a kernel must keep a rule. */
    public enum Level {
        /** What breaks it is no kernel. */
        MUST,
        /** A kernel should keep it; what breaks it is reported, and passes. */
        SHOULD
    }

    /** Whether it is one of the twelve tests that every kernel was asked for first: rules 1 to 12. */
    public boolean isCore() {
        return number <= CORE_RULES;
    }

    /** Its level in reports: {@code MUST}, {@code MUST, core} or {@code SHOULD}. */
    public String standing() {
        return level + (isCore() ? ", core" : "");
    }

    /** Whether a test of that name, or a message that starts so, is of this rule. */
    public boolean isOf(String name) {
        return name.equals(toString()) || name.startsWith(this + ",") || name.startsWith(this + ":");
    }

    /** Number and words, as names of tests begin: {@code rule 5 partial block}. */
    @Override
    public String toString() {
        return "rule " + number + " " + words;
    }
}
