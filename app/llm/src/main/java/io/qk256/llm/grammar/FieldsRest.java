package io.qk256.llm.grammar;

import java.util.BitSet;

/** The rest of an object, after its bracket or a value. */
final class FieldsRest extends Node.Lazy {

    private final Shape.Fields object;
    private final int levels;
    private final BitSet seen;
    private final boolean isFirst;

    FieldsRest(Shape.Fields object, int levels, BitSet seen, boolean isFirst) {
        this.object = object;
        this.levels = levels;
        this.seen = seen;
        this.isFirst = isFirst;
    }

    @Override
    Node expand() {
        BitSet missing = (BitSet) object.required.clone();
        missing.andNot(seen);
        Node end = missing.isEmpty() ? Literal.of("}") : NONE;
        BitSet offered = new BitSet();
        for (int i = seen.nextClearBit(0); i < object.names.size(); i = seen.nextClearBit(i + 1)) {
            offered.set(i, object.values.get(i).fits(levels));
        }
        Node field = seq(Literal.of("\""), WordMatch.string(object.names, offered, new Value(object, levels, seen)));
        return isFirst ? seq(Space.BEFORE, alt(end, field)) : alt(end, seq(Literal.of(","), Space.BEFORE, field));
    }

    /** What follows a name. */
    private record Value(Shape.Fields object, int levels, BitSet seen) implements WordMatch.After {

        @Override
        public Node word(int index) {
            BitSet now = (BitSet) seen.clone();
            now.set(index);
            return after(object.values.get(index), now);
        }

        @Override
        public boolean hasOther() {
            return object.others.map(shape -> shape.fits(levels)).orElse(false);
        }

        @Override
        public Node other() {
            return object.others.map(shape -> after(shape, seen)).orElse(NONE);
        }

        private Node after(Shape shape, BitSet now) {
            return seq(
                    Space.BEFORE,
                    Literal.of(":"),
                    Space.BEFORE,
                    shape.values(levels),
                    Space.BEFORE,
                    new FieldsRest(object, levels, now, false));
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FieldsRest that
                && object == that.object
                && levels == that.levels
                && isFirst == that.isFirst
                && seen.equals(that.seen);
    }

    @Override
    public int hashCode() {
        return (System.identityHashCode(object) * 31 + levels) * 31 + seen.hashCode();
    }
}
