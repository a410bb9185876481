package io.qk256.llm.text;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/** Finds special tokens spelled out in text, such as {@code <|eot_id|>}, with a trie. Immutable and thread-safe. */
final class SpecialTokens {

    private final Node root = new Node();

    /** @param withMarks whether to also find control and unknown tokens, not only user-defined ones */
    SpecialTokens(Vocabulary vocabulary, boolean withMarks) {
        for (int id = 0; id < vocabulary.size(); id++) {
            TokenType type = vocabulary.type(id);
            boolean isMark = type == TokenType.CONTROL || type == TokenType.UNKNOWN;
            if (type == TokenType.USER_DEFINED || (withMarks && isMark)) {
                add(new String(vocabulary.bytes(id), StandardCharsets.UTF_8), id);
            }
        }
    }

    /**
     * Returns the leftmost token in the text at or after {@code start}; of several at one place, the longest.
     *
     * @param isAllowed others are taken for text
     */
    Optional<Match> next(String text, int start, Predicate<Match> isAllowed) {
        for (int i = start; i < text.length(); i++) {
            Optional<Match> match = longestAt(text, i, isAllowed);
            if (match.isPresent()) {
                return match;
            }
        }
        return Optional.empty();
    }

    /** The token that is written like this. */
    OptionalInt find(String name) {
        Optional<Match> match = longestAt(name, 0, candidate -> candidate.end() == name.length());
        return match.isPresent() ? OptionalInt.of(match.get().id()) : OptionalInt.empty();
    }

    private Optional<Match> longestAt(String text, int start, Predicate<Match> isAllowed) {
        Optional<Match> longest = Optional.empty();
        Node node = root.child(text.charAt(start));
        for (int i = start + 1; node != Node.NOWHERE; i++) {
            if (node.id != Vocabulary.NONE) {
                Match match = new Match(node.id, start, i);
                longest = isAllowed.test(match) ? Optional.of(match) : longest;
            }
            node = i < text.length() ? node.child(text.charAt(i)) : Node.NOWHERE;
        }
        return longest;
    }

    private void add(String token, int id) {
        Node node = root;
        for (int i = 0; i < token.length(); i++) {
            node = node.children.computeIfAbsent(token.charAt(i), c -> new Node());
        }
        node.id = id;
    }

    /** A token and the range of characters that it covers. */
    record Match(int id, int start, int end) {}

    private static final class Node {

        static final Node NOWHERE = new Node();

        final Map<Character, Node> children = new HashMap<>(2);
        int id = Vocabulary.NONE;

        Node child(char c) {
            return children.getOrDefault(c, NOWHERE);
        }
    }
}
