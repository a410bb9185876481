package io.qk256.llm.grammar;

/** The rest of an array, after its bracket or an item. */
final class ArrayRest extends Node.Lazy {

    private final Shape.Array array;
    private final int levels;

    /** Items so far, as far as it matters. */
    private final int count;

    ArrayRest(Shape.Array array, int levels, int count) {
        this.array = array;
        this.levels = levels;
        this.count = count;
    }

    @Override
    Node expand() {
        Node end = count >= array.min ? Literal.of("]") : NONE;
        Node item = array.item(count, levels);
        if (count == 0) {
            return seq(Space.BEFORE, alt(end, seq(item, Space.BEFORE, more())));
        }
        return alt(end, seq(Literal.of(","), Space.BEFORE, item, Space.BEFORE, more()));
    }

    /** Items without a limit need not be counted. */
    private Node more() {
        boolean counts = count < array.leading.size() || count < array.min || array.max != Integer.MAX_VALUE;
        return new ArrayRest(array, levels, counts || count == 0 ? count + 1 : count);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ArrayRest that && array == that.array && levels == that.levels && count == that.count;
    }

    @Override
    public int hashCode() {
        return (System.identityHashCode(array) * 31 + levels) * 31 + count;
    }
}
