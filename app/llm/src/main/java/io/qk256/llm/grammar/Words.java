package io.qk256.llm.grammar;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;

/**
 * Different words in the order of their characters of Unicode: those with a common beginning follow one another.
 * Immutable and thread-safe.
 */
final class Words {

    private final int[][] words;

    /** @param texts without unpaired surrogates */
    Words(Collection<String> texts) {
        words = texts.stream()
                .distinct()
                .map(text -> text.codePoints().toArray())
                .sorted(Comparator.comparing((int[] word) -> word, Arrays::compare))
                .toArray(int[][]::new);
    }

    int size() {
        return words.length;
    }

    String word(int index) {
        return new String(words[index], 0, words[index].length);
    }

    /** The number of characters. */
    int length(int index) {
        return words[index].length;
    }

    /** The index of a word that is there. */
    int indexOf(String text) {
        return Arrays.binarySearch(words, text.codePoints().toArray(), Arrays::compare);
    }

    /**
     * The first word, of those from {@code from} to {@code to}, exclusive, whose character at a place is this one or a
     * greater one; {@code to} if there is none. The words must agree before that place.
     */
    int firstFrom(int from, int to, int place, int character) {
        int low = from;
        int high = to;
        while (low < high) {
            int middle = (low + high) >>> 1;
            int[] word = words[middle];
            if (place >= word.length || word[place] < character) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
