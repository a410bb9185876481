package io.qk256.llm.text;

/**
 * Splits text into pieces, within which tokens are merged. The pieces follow one another and make up the text. Reads
 * every character a bounded number of times. Thread-safe.
 */
interface Splitter {

    /** Splits the range {@code [from, to)}, and looks at nothing outside of it. */
    void split(CharSequence text, int from, int to, Pieces out);

    /** Splits every piece of this splitter once more. */
    default Splitter then(Splitter finer) {
        return (text, from, to, out) -> split(text, from, to, (start, end) -> finer.split(text, start, end, out));
    }

    /** Receives pieces. */
    interface Pieces {

        /** Takes the piece {@code [from, to)}, which is not empty. */
        void accept(int from, int to);
    }
}
