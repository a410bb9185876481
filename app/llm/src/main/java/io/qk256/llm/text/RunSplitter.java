package io.qk256.llm.text;

import java.util.function.IntPredicate;

/**
 * Makes every run of certain characters a piece, and what lies between two of them another. Runs longer than the
 * maximum are taken in parts, from the left; what remains and is shorter than the minimum belongs to what follows.
 */
final class RunSplitter implements Splitter {

    private final IntPredicate characters;
    private final int min;
    private final int max;

    /**
     * Matches the expression {@code [characters]{min,max}}.
     *
     * @param max {@code Integer.MAX_VALUE} for runs of any length
     */
    RunSplitter(IntPredicate characters, int min, int max) {
        this.characters = characters;
        this.min = min;
        this.max = max;
    }

    @Override
    public void split(CharSequence text, int from, int to, Pieces out) {
        int between = from;
        int start = from;
        int count = 0;
        for (int i = from; i < to; ) {
            int c = Character.codePointAt(text, i);
            boolean isRun = characters.test(c);
            if (!isRun) {
                between = acceptRun(start, i, count, between, out);
                count = 0;
            } else if (count == 0) {
                start = i;
            }
            i += Character.charCount(c);
            if (isRun) {
                count++;
                if (count == max) {
                    between = acceptRun(start, i, count, between, out);
                    count = 0;
                }
            }
        }
        between = acceptRun(start, to, count, between, out);
        accept(between, to, out);
    }

    /** Returns where the text between runs goes on. */
    private int acceptRun(int start, int end, int count, int between, Pieces out) {
        if (count < Math.max(1, min)) {
            return between;
        }
        accept(between, start, out);
        out.accept(start, end);
        return end;
    }

    private static void accept(int from, int to, Pieces out) {
        if (from < to) {
            out.accept(from, to);
        }
    }
}
