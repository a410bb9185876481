package io.qk256.app.commands;

import java.util.Locale;

/** Numbers of things, in words. */
final class Plural {

    private Plural() {}

    /** Such as "1 token" and "2 tokens". */
    static String of(long count, String one) {
        return String.format(Locale.ROOT, "%d %s%s", count, one, count == 1 ? "" : "s");
    }
}
