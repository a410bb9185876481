package io.qk256.llm.text.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A text that knows which of its characters come from a message and which from the template. What a user types can then
 * be kept from becoming a control token, wherever the template puts it. Immutable and thread-safe.
 */
public final class MarkedText {

    static final MarkedText EMPTY = new MarkedText("", new int[0]);

    private final String text;

    /** Where the origin changes, ascending. Text begins as the template's; a cut at 0 makes it a message's. */
    private final int[] cuts;

    private MarkedText(String text, int[] cuts) {
        this.text = text;
        this.cuts = cuts;
    }

    /** Text that the template has written. */
    public static MarkedText ofTemplate(String text) {
        return text.isEmpty() ? EMPTY : new MarkedText(text, new int[0]);
    }

    /** Text that somebody has typed. */
    public static MarkedText ofMessage(String text) {
        return text.isEmpty() ? EMPTY : new MarkedText(text, new int[] {0});
    }

    /** A part of the text, all of one origin. */
    public record Piece(String text, boolean isMessage) {}

    /** The characters alone. */
    public String text() {
        return text;
    }

    /** Number of UTF-16 units. */
    public int length() {
        return text.length();
    }

    /** Whether the template has written all of the text from {@code start} to {@code end}, exclusive. */
    public boolean isTemplate(int start, int end) {
        int before = cutsUpTo(start);
        return before % 2 == 0 && (before == cuts.length || cuts[before] >= end);
    }

    /** The text in parts that are as long as possible. */
    public List<Piece> pieces() {
        List<Piece> pieces = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= cuts.length; i++) {
            int end = i < cuts.length ? cuts[i] : text.length();
            if (end > start) {
                pieces.add(new Piece(text.substring(start, end), i % 2 == 1));
            }
            start = end;
        }
        return pieces;
    }

    MarkedText substring(int from, int to) {
        if (from == 0 && to == text.length()) {
            return this;
        }
        if (from == to) {
            return EMPTY;
        }
        int next = cutsUpTo(from);
        int last = next;
        while (last < cuts.length && cuts[last] < to) {
            last++;
        }
        int[] kept = new int[next % 2 + last - next];
        for (int i = next; i < last; i++) {
            kept[kept.length - last + i] = cuts[i] - from;
        }
        return new MarkedText(text.substring(from, to), kept);
    }

    MarkedText plus(MarkedText other) {
        if (other.text.isEmpty()) {
            return this;
        }
        return text.isEmpty() ? other : new Builder().append(this).append(other).build();
    }

    private int cutsUpTo(int index) {
        int found = Arrays.binarySearch(cuts, index);
        return found >= 0 ? found + 1 : -found - 1;
    }

    /** The text, with a bar at each change of origin. */
    @Override
    public String toString() {
        StringBuilder shown = new StringBuilder(text);
        for (int i = cuts.length - 1; i >= 0; i--) {
            shown.insert(cuts[i], '|');
        }
        return shown.toString();
    }

    /** Puts a text together. */
    static final class Builder {

        private final StringBuilder text = new StringBuilder();
        private int[] cuts = new int[8];
        private int cutCount;

        int length() {
            return text.length();
        }

        Builder append(String added, boolean isMessage) {
            if (!added.isEmpty()) {
                mark(isMessage);
                text.append(added);
            }
            return this;
        }

        Builder append(MarkedText added) {
            return append(added, 0, added.length());
        }

        Builder append(MarkedText added, int from, int to) {
            int next = added.cutsUpTo(from);
            for (int start = from; start < to; next++) {
                int end = next < added.cuts.length ? Math.min(to, added.cuts[next]) : to;
                mark(next % 2 == 1);
                text.append(added.text, start, end);
                start = end;
            }
            return this;
        }

        /** What is appended now has this origin. */
        private void mark(boolean isMessage) {
            if (isMessage == (cutCount % 2 == 1)) {
                return;
            }
            if (cutCount == cuts.length) {
                cuts = Arrays.copyOf(cuts, 2 * cuts.length);
            }
            cuts[cutCount++] = text.length();
        }

        MarkedText build() {
            return text.isEmpty() ? EMPTY : new MarkedText(text.toString(), Arrays.copyOf(cuts, cutCount));
        }
    }
}
