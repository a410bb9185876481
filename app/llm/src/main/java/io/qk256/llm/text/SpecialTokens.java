package io.qk256.llm.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Finds special tokens spelled out in text, such as {@code <|eot_id|>}. Immutable and thread-safe. */
final class SpecialTokens {

    /** In the order of UTF-16 units, so that those with a common beginning follow one another. */
    private final String[] names;

    private final int[] ids;

    /** The characters that some name begins with. */
    private final BitSet beginnings = new BitSet();

    /**
     * @param withMarks whether to also find control and unknown tokens, not only user-defined ones
     * @throws IllegalArgumentException if two tokens are written alike
     */
    SpecialTokens(Vocabulary vocabulary, boolean withMarks) {
        record Special(String name, int id) {}
        Special[] all = IntStream.range(0, vocabulary.size())
                .filter(id -> isSpecial(vocabulary.type(id), withMarks))
                .mapToObj(id -> new Special(new String(vocabulary.bytes(id), StandardCharsets.UTF_8), id))
                .sorted(Comparator.comparing(Special::name))
                .toArray(Special[]::new);
        names = Arrays.stream(all).map(Special::name).toArray(String[]::new);
        ids = Arrays.stream(all).mapToInt(Special::id).toArray();
        for (String name : names) {
            beginnings.set(name.charAt(0));
        }
        for (int i = 1; i < names.length; i++) {
            if (names[i].equals(names[i - 1])) {
                throw new IllegalArgumentException("tokens " + ids[i - 1] + " and " + ids[i] + " have the same text");
            }
        }
    }

    private static boolean isSpecial(TokenType type, boolean withMarks) {
        return type == TokenType.USER_DEFINED
                || (withMarks && (type == TokenType.CONTROL || type == TokenType.UNKNOWN));
    }

    /**
     * Returns the leftmost token in the text at or after {@code start}; of several at one place, the longest.
     *
     * @param isAllowed others are taken for text
     */
    Optional<Match> next(String text, int start, Predicate<Match> isAllowed) {
        for (int i = start; i < text.length(); i++) {
            if (beginnings.get(text.charAt(i))) {
                Optional<Match> match = longestAt(text, i, isAllowed);
                if (match.isPresent()) {
                    return match;
                }
            }
        }
        return Optional.empty();
    }

    /** The token that is written like this. */
    OptionalInt find(String name) {
        int i = Arrays.binarySearch(names, name);
        return i < 0 ? OptionalInt.empty() : OptionalInt.of(ids[i]);
    }

    /** Narrows the range of names that the text may begin with, character by character. */
    private Optional<Match> longestAt(String text, int start, Predicate<Match> isAllowed) {
        Optional<Match> longest = Optional.empty();
        int from = 0;
        int to = names.length;
        for (int depth = 0; from < to && start + depth < text.length(); depth++) {
            char c = text.charAt(start + depth);
            from = first(depth, c, from, to);
            to = first(depth, c + 1, from, to);
            if (from < to && names[from].length() == depth + 1) {
                Match match = new Match(ids[from], start, start + depth + 1);
                longest = isAllowed.test(match) ? Optional.of(match) : longest;
            }
        }
        return longest;
    }

    /** The first of these names, which agree so far, whose character is {@code c} or greater; {@code to} if none. */
    private int first(int depth, int c, int from, int to) {
        int low = from;
        int high = to;
        while (low < high) {
            int middle = (low + high) >>> 1;
            String name = names[middle];
            int character = depth < name.length() ? name.charAt(depth) : -1;
            if (character < c) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** A token and the range of characters that it covers. */
    record Match(int id, int start, int end) {}
}
