package io.qk256.llm.text;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Brings text to Unicode's normal form C in O(n log n) for n characters. {@link Normalizer} alone takes quadratic time
 * for a long run of marks that are not in order, so such runs are put into order first.
 */
final class NormalForm {

    private static final int LONG_RUN = 64;

    /** Marks of the two lowest classes. One of them changes places with every mark before it but its own class. */
    private static final String LOWEST = "\u0334";

    private static final String SECOND = "\u3099";

    private NormalForm() {}

    /** Returns the text in normal form C. */
    static String ofText(String text) {
        StringBuilder ordered = new StringBuilder(text.length());
        for (int start = 0; start < text.length(); ) {
            int end = runEnd(text, start);
            String run = text.substring(start, end);
            ordered.append(end - start > LONG_RUN && isMark(run.codePointAt(0)) ? ordered(run) : run);
            start = end;
        }
        return Normalizer.normalize(ordered, Normalizer.Form.NFC);
    }

    /** The end of the marks, or of the other characters, that begin here. */
    private static int runEnd(String text, int start) {
        boolean marks = isMark(text.codePointAt(start));
        int end = start;
        while (end < text.length() && isMark(text.codePointAt(end)) == marks) {
            end += Character.charCount(text.codePointAt(end));
        }
        return end;
    }

    private static boolean isMark(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
            default -> false;
        };
    }

    /** Decomposes marks, and sorts those between two that stay in place by their classes. */
    private static String ordered(String run) {
        String[] marks = run.codePoints()
                .mapToObj(Character::toString)
                .flatMap(mark -> decompose(mark).codePoints().mapToObj(Character::toString))
                .toArray(String[]::new);
        Map<String, Integer> classes =
                classes(List.of(marks).stream().distinct().toList());
        for (int start = 0; start < marks.length; ) {
            int end = start;
            while (end < marks.length && classes.containsKey(marks[end])) {
                end++;
            }
            Arrays.sort(marks, start, end, Comparator.comparingInt(classes::get));
            start = end + 1;
        }
        return String.join("", marks);
    }

    /** Numbers in the order of the marks' classes, equal for equal classes; none for marks that stay in place. */
    private static Map<String, Integer> classes(List<String> distinct) {
        List<String> sorted = distinct.stream()
                .filter(mark -> changePlaces(mark, LOWEST) || changePlaces(SECOND, mark))
                .sorted(NormalForm::compare)
                .toList();
        Map<String, Integer> classes = new HashMap<>();
        for (int i = 0, number = 0; i < sorted.size(); i++) {
            number += i > 0 && compare(sorted.get(i - 1), sorted.get(i)) < 0 ? 1 : 0;
            classes.put(sorted.get(i), number);
        }
        return classes;
    }

    private static int compare(String first, String second) {
        return changePlaces(first, second) ? 1 : changePlaces(second, first) ? -1 : 0;
    }

    private static boolean changePlaces(String first, String second) {
        return !first.equals(second) && decompose(first + second).equals(second + first);
    }

    private static String decompose(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFD);
    }
}
