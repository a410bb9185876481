package io.qk256.spi.selection;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Finds the names that a misspelled one may mean. */
final class Spelling {

    private static final int MAX_SUGGESTIONS = 3;

    private Spelling() {}

    /** Names that contain the typed one, or differ from it in at most a third of their letters, nearest first. */
    static List<String> nearest(String typed, Collection<String> names) {
        return names.stream()
                .filter(name -> !typed.isEmpty()
                        && (name.contains(typed) || distance(typed, name) * 3 <= Math.max(3, name.length())))
                .sorted(Comparator.comparingInt(name -> distance(typed, name)))
                .limit(MAX_SUGGESTIONS)
                .toList();
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substituted, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
