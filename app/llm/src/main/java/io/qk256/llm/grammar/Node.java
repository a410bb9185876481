package io.qk256.llm.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The texts that may still come, as an expression. {@link #next} is its derivative: what may come after one byte. Equal
 * expressions are equal objects, so that what was computed for one is found again. Immutable and thread-safe.
 *
 * <p>An expression that is not {@link #NONE} always has a text, so a grammar never leads into a dead end.
 */
abstract class Node {

    /** Only the empty text. */
    static final Node END = new Constant(true);

    /** No text at all. */
    static final Node NONE = new Constant(false);

    /** Whether the empty text is one of the texts. */
    abstract boolean mayEnd();

    /** What may come after this byte, 0 to 255; {@link #NONE} if the byte may not come. */
    abstract Node next(int b);

    /** How many expressions a derivative looks at. */
    int width() {
        return 1;
    }

    /** One after the other. */
    static Node seq(Node head, Node tail) {
        if (head == NONE || tail == NONE) {
            return NONE;
        }
        if (head == END) {
            return tail;
        }
        if (tail == END) {
            return head;
        }
        return switch (head) {
            case Seq inner -> new Seq(inner.head, seq(inner.tail, tail));
            case Alt either ->
                alt(either.nodes.stream().map(node -> seq(node, tail)).toList());
            default -> new Seq(head, tail);
        };
    }

    static Node seq(Node first, Node second, Node... more) {
        Node all = more.length == 0 ? END : more[more.length - 1];
        for (int i = more.length - 2; i >= 0; i--) {
            all = seq(more[i], all);
        }
        return seq(first, seq(second, all));
    }

    static Node alt(Node a, Node b) {
        return a == NONE || a.equals(b) ? b : b == NONE ? a : alt(List.of(a, b));
    }

    /** One of several. Those that begin with the same expression share it. */
    static Node alt(List<Node> nodes) {
        Map<Node, Node> tails = new LinkedHashMap<>();
        nodes.forEach(node -> collect(node, tails));
        List<Node> merged = new ArrayList<>();
        tails.forEach((head, tail) -> merged.add(seq(head, tail)));
        return switch (merged.size()) {
            case 0 -> NONE;
            case 1 -> merged.getFirst();
            default -> new Alt(merged);
        };
    }

    private static void collect(Node node, Map<Node, Node> tails) {
        switch (node) {
            case Alt either -> either.nodes.forEach(each -> collect(each, tails));
            case Seq seq -> tails.merge(seq.head, seq.tail, Node::alt);
            default -> {
                if (node != NONE) {
                    tails.merge(node, END, Node::alt);
                }
            }
        }
    }

    private static final class Constant extends Node {

        private final boolean isEnd;

        Constant(boolean isEnd) {
            this.isEnd = isEnd;
        }

        @Override
        boolean mayEnd() {
            return isEnd;
        }

        @Override
        Node next(int b) {
            return NONE;
        }
    }

    /** A simple expression, and what follows it. */
    static final class Seq extends Node {

        final Node head;
        final Node tail;
        private final int hash;

        private Seq(Node head, Node tail) {
            this.head = head;
            this.tail = tail;
            this.hash = 31 * head.hashCode() + tail.hashCode();
        }

        @Override
        boolean mayEnd() {
            return head.mayEnd() && tail.mayEnd();
        }

        @Override
        Node next(int b) {
            Node after = seq(head.next(b), tail);
            return head.mayEnd() ? alt(after, tail.next(b)) : after;
        }

        @Override
        int width() {
            return head.mayEnd() ? 1 + tail.width() : 1;
        }

        @Override
        public boolean equals(Object other) {
            return this == other
                    || (other instanceof Seq seq && hash == seq.hash && head.equals(seq.head) && tail.equals(seq.tail));
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /** Several expressions that begin differently, none of them another of this kind. */
    static final class Alt extends Node {

        final List<Node> nodes;
        private final int hash;

        private Alt(List<Node> nodes) {
            this.nodes = nodes;
            this.hash = nodes.hashCode();
        }

        @Override
        boolean mayEnd() {
            return nodes.stream().anyMatch(Node::mayEnd);
        }

        @Override
        Node next(int b) {
            return alt(nodes.stream().map(node -> node.next(b)).toList());
        }

        @Override
        int width() {
            return nodes.stream().mapToInt(Node::width).sum();
        }

        @Override
        public boolean equals(Object other) {
            return this == other || (other instanceof Alt alt && hash == alt.hash && nodes.equals(alt.nodes));
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /** What is only worked out when it is needed; not empty. */
    abstract static class Lazy extends Node {

        abstract Node expand();

        @Override
        final boolean mayEnd() {
            return false;
        }

        @Override
        final Node next(int b) {
            return expand().next(b);
        }
    }
}
