package io.qk256.llm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What templates do with strings; every character keeps its origin. */
final class Texts {

    private final Budget budget;

    Texts(Budget budget) {
        this.budget = budget;
    }

    MarkedText concatenate(MarkedText left, MarkedText right, int line) {
        budget.characters((long) left.length() + right.length(), line);
        return left.plus(right);
    }

    boolean contains(MarkedText text, MarkedText part, int line) {
        budget.search(text.length(), part.length(), line);
        return text.text().contains(part.text());
    }

    /** @param cut the characters to cut; white space if empty */
    MarkedText strip(MarkedText text, Optional<MarkedText> cut, boolean atStart, boolean atEnd, int line) {
        String chars = cut.map(MarkedText::text).orElse("");
        budget.search(text.length(), chars.length(), line);
        int[] codePoints = text.text().codePoints().toArray();
        budget.characters(text.length(), line);
        int from = 0;
        int to = codePoints.length;
        while (atStart && from < to && isCut(codePoints[from], chars, cut.isEmpty())) {
            from++;
        }
        while (atEnd && from < to && isCut(codePoints[to - 1], chars, cut.isEmpty())) {
            to--;
        }
        return slice(text, codePoints.length, from, to);
    }

    private static boolean isCut(int codePoint, String chars, boolean whitespace) {
        return whitespace
                ? codePoint <= Character.MAX_VALUE && PythonText.isWhitespace((char) codePoint)
                : chars.indexOf(codePoint) >= 0;
    }

    /** Between two code points. */
    private static MarkedText slice(MarkedText text, int codePoints, int from, int to) {
        if (codePoints == text.length()) {
            return text.substring(from, to);
        }
        int start = text.text().offsetByCodePoints(0, from);
        return text.substring(start, text.text().offsetByCodePoints(start, to - from));
    }

    /** The number of characters, each a code point. */
    int length(MarkedText text, int line) {
        budget.read(text.length(), line);
        return codePoints(text);
    }

    private static int codePoints(MarkedText text) {
        return text.text().codePointCount(0, text.length());
    }

    boolean startsWith(MarkedText text, MarkedText begin, int line) {
        budget.read(Math.min(text.length(), begin.length()), line);
        return text.text().startsWith(begin.text());
    }

    boolean endsWith(MarkedText text, MarkedText end, int line) {
        budget.read(Math.min(text.length(), end.length()), line);
        return text.text().endsWith(end.text());
    }

    /** The text as a name, which is read whenever it is looked for. */
    String name(MarkedText text, int line) {
        budget.read(text.length(), line);
        return text.text();
    }

    /** The characters at these indexes, each a code point. */
    MarkedText pick(MarkedText text, Indexes indexes, int line) {
        budget.characters(text.length(), line);
        if (indexes.step() == 1) {
            return slice(text, codePoints(text), indexes.from(), indexes.to());
        }
        int[] starts = starts(text);
        budget.steps(indexes.count(), line);
        MarkedText.Builder picked = new MarkedText.Builder();
        indexes.forEach(i -> picked.append(text, starts[i], starts[i + 1]));
        return picked.build();
    }

    List<Value> characters(MarkedText text, int line) {
        budget.characters(text.length(), line);
        budget.steps(text.length(), line);
        int[] starts = starts(text);
        List<Value> characters = new ArrayList<>();
        for (int i = 0; i + 1 < starts.length; i++) {
            characters.add(new Value.Text(text.substring(starts[i], starts[i + 1])));
        }
        return characters;
    }

    private static int[] starts(MarkedText text) {
        int[] starts = new int[codePoints(text) + 1];
        for (int i = 0; i + 1 < starts.length; i++) {
            starts[i + 1] = starts[i] + Character.charCount(text.text().codePointAt(starts[i]));
        }
        return starts;
    }

    List<Value> split(MarkedText text, MarkedText separator, long most, int line) {
        budget.search(text.length(), separator.length(), line);
        budget.characters(text.length(), line);
        List<Value> parts = new ArrayList<>();
        int start = 0;
        int found = text.text().indexOf(separator.text());
        while (found >= 0 && (most < 0 || parts.size() < most)) {
            budget.step(line);
            parts.add(new Value.Text(text.substring(start, found)));
            start = found + separator.length();
            found = text.text().indexOf(separator.text(), start);
        }
        parts.add(new Value.Text(text.substring(start, text.length())));
        return parts;
    }

    /** At white space; no part is empty. */
    List<Value> splitWords(MarkedText text, int line) {
        budget.characters(text.length(), line);
        budget.steps(text.length() >> 1, line);
        List<Value> words = new ArrayList<>();
        int start = PythonText.skipWhitespace(text.text(), 0);
        while (start < text.length()) {
            int end = start;
            while (end < text.length() && !PythonText.isWhitespace(text.text().charAt(end))) {
                end++;
            }
            words.add(new Value.Text(text.substring(start, end)));
            start = PythonText.skipWhitespace(text.text(), end);
        }
        return words;
    }

    /** @param old not empty */
    MarkedText replace(MarkedText text, MarkedText old, MarkedText with, int line) {
        List<Value> parts = split(text, old, -1, line);
        return join(parts.stream().map(part -> ((Value.Text) part).marked()).toList(), with, line);
    }

    MarkedText join(List<MarkedText> parts, MarkedText separator, int line) {
        MarkedText.Builder joined = new MarkedText.Builder();
        for (int i = 0; i < parts.size(); i++) {
            budget.characters((long) parts.get(i).length() + separator.length(), line);
            if (i > 0) {
                joined.append(separator);
            }
            joined.append(parts.get(i));
        }
        return joined.build();
    }

    MarkedText lower(MarkedText text, int line) {
        return map(text, part -> part.toLowerCase(Locale.ROOT), line);
    }

    MarkedText upper(MarkedText text, int line) {
        return map(text, part -> part.toUpperCase(Locale.ROOT), line);
    }

    /** The first character as in a title, all others in lower case. */
    MarkedText capitalize(MarkedText text, int line) {
        int first = text.length() == 0 ? 0 : Character.charCount(text.text().codePointAt(0));
        return map(text.substring(0, first), Texts::titleCase, line)
                .plus(lower(text.substring(first, text.length()), line));
    }

    /**
     * The first letter of each word as in a title, all others in lower case.
     *
     * @param isFilter Jinja's filter, whose words begin behind white space, hyphens and brackets; for Python's method,
     *     words are letters in a row
     */
    MarkedText title(MarkedText text, boolean isFilter, int line) {
        budget.steps(text.length(), line);
        MarkedText.Builder title = new MarkedText.Builder();
        boolean inWord = false;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.text().codePointAt(i);
            int end = i + Character.charCount(codePoint);
            UnaryOperator<String> change = inWord ? part -> part.toLowerCase(Locale.ROOT) : Texts::titleCase;
            title.append(map(text.substring(i, end), change, line));
            inWord = isFilter ? !isWordBorder(codePoint) : Character.isLetter(codePoint);
            i = end;
        }
        return title.build();
    }

    private static boolean isWordBorder(int codePoint) {
        return isCut(codePoint, "", true) || "-({[<".indexOf(codePoint) >= 0;
    }

    private static String titleCase(String character) {
        return Character.toString(Character.toTitleCase(character.codePointAt(0)));
    }

    private MarkedText map(MarkedText text, UnaryOperator<String> change, int line) {
        budget.characters(3L * text.length(), line);
        MarkedText.Builder mapped = new MarkedText.Builder();
        for (MarkedText.Piece piece : text.pieces()) {
            mapped.append(change.apply(piece.text()), piece.isMessage());
        }
        return mapped.build();
    }
}
