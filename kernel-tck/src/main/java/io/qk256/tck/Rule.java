package io.qk256.tck;

import java.util.Locale;

/**
 * One of the {@link Rules}.
 *
 * @param number its number in SPEC.md
 * @param words what it is called there
 * @param level whether a kernel must keep it
 */
public record Rule(int number, String words, Level level) {

    /** Whether a kernel must keep a rule. */
    public enum Level {
        /** What breaks it is no kernel. */
        REQUIRED,
        /** A kernel should keep it; what breaks it is reported, and passes. */
        OPTIONAL;

        /** The level in words. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
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
