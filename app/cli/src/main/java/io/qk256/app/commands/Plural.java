package io.qk256.app.commands;

import java.util.Locale;

/** Counts with nouns. */
final class Plural {

    private Plural() {}

    /** Returns text such as "1 token" or "2 tokens". */
    static String of(long count, String one) {
        return String.format(Locale.ROOT, "%d %s%s", count, one, count == 1 ? "" : "s");
    }
}
