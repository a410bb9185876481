package io.qk256.llm.grammar;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * The values that a schema allows. Levels of nesting are bounded, so that a model cannot open brackets for ever: each
 * shape knows the fewest levels of its values, and is only offered where so many are left. Does not change once the
 * schema is read; thread-safe then.
 */
abstract class Shape {

    /** Of a shape that has no values, or none that ends. */
    static final int NEVER = Integer.MAX_VALUE;

    private int height = NEVER;

    /** Updates the number of levels from those of the parts; returns whether it has changed. */
    final boolean update() {
        int before = height;
        height = leastHeight();
        return height != before;
    }

    /** The fewest levels of objects and arrays in a value; 0 for a string. */
    final int height() {
        return height;
    }

    /** Whether there is a value with at most this many levels. */
    final boolean fits(int levels) {
        return height <= levels;
    }

    /** The values with at most this many levels; {@link Node#NONE} if there are none. */
    final Node values(int levels) {
        return fits(levels) ? start(levels) : Node.NONE;
    }

    /** The shapes of which a value may be, each once, and none a union or a reference. */
    List<Shape> alternatives() {
        return List.of(this);
    }

    abstract int leastHeight();

    /** Only called if the shape {@linkplain #fits fits}. */
    abstract Node start(int levels);

    private static Node oneOf(List<Shape> alternatives, int levels) {
        return Node.alt(alternatives.stream().map(shape -> shape.values(levels)).toList());
    }

    /** What is known without other shapes. */
    static final class Simple extends Shape {

        private final Node node;

        Simple(Node node) {
            this.node = node;
        }

        @Override
        int leastHeight() {
            return node.equals(Node.NONE) ? NEVER : 0;
        }

        @Override
        Node start(int levels) {
            return node;
        }
    }

    /** A shape that is known later, because it may contain itself. */
    static final class Reference extends Shape {

        private Optional<Shape> target = Optional.empty();
        private List<Shape> alternatives = List.of();

        void set(Shape shape) {
            target = Optional.of(shape);
        }

        Shape target() {
            return target.orElseThrow();
        }

        /** Takes over the alternatives of the target, which must be known. */
        void flatten() {
            alternatives = target().alternatives();
        }

        @Override
        List<Shape> alternatives() {
            return alternatives;
        }

        @Override
        int leastHeight() {
            return target().height();
        }

        @Override
        Node start(int levels) {
            return oneOf(alternatives, levels);
        }
    }

    /**
     * One of several. Unions that refer to unions can lead to the same shape on more ways than can be followed, so the
     * alternatives are gathered once, when the schema is read.
     */
    static final class Union extends Shape {

        private final List<Shape> shapes;
        private List<Shape> alternatives = List.of();

        Union(List<Shape> shapes) {
            this.shapes = List.copyOf(shapes);
        }

        List<Shape> shapes() {
            return shapes;
        }

        /** Gathers the alternatives of the shapes, which must be known. */
        void flatten() {
            alternatives = shapes.stream()
                    .flatMap(shape -> shape.alternatives().stream())
                    .distinct()
                    .toList();
        }

        @Override
        List<Shape> alternatives() {
            return alternatives;
        }

        @Override
        int leastHeight() {
            return shapes.stream().mapToInt(Shape::height).min().orElse(NEVER);
        }

        @Override
        Node start(int levels) {
            return oneOf(alternatives, levels);
        }
    }

    /** An array: first its leading items, each of its own shape, then the others. */
    static final class Array extends Shape {

        final List<Shape> leading;
        final Optional<Shape> others;
        final int min;
        final int max;

        Array(List<Shape> leading, Optional<Shape> others, int min, int max) {
            this.leading = List.copyOf(leading);
            this.others = others;
            this.min = min;
            this.max = others.isPresent() ? max : Math.min(max, leading.size());
        }

        @Override
        int leastHeight() {
            if (min > max) {
                return NEVER;
            }
            int inner = min > leading.size() ? others.map(Shape::height).orElse(NEVER) : 0;
            for (int i = 0; i < Math.min(min, leading.size()); i++) {
                inner = Math.max(inner, leading.get(i).height());
            }
            return inner == NEVER ? NEVER : inner + 1;
        }

        @Override
        Node start(int levels) {
            return Node.seq(Literal.of("["), new ArrayRest(this, levels - 1, 0));
        }

        Node item(int index, int levels) {
            if (index >= max) {
                return Node.NONE;
            }
            return index < leading.size()
                    ? leading.get(index).values(levels)
                    : others.map(shape -> shape.values(levels)).orElse(Node.NONE);
        }
    }

    /** An object, whose names may come in any order, each name of the schema at most once. */
    static final class Fields extends Shape {

        final Words names;
        final List<Shape> values;
        final BitSet required;
        final Optional<Shape> others;

        /** @param values in the order of the names */
        Fields(Words names, List<Shape> values, BitSet required, Optional<Shape> others) {
            this.names = names;
            this.values = List.copyOf(values);
            this.required = required;
            this.others = others;
        }

        @Override
        int leastHeight() {
            int inner = required.stream()
                    .map(index -> values.get(index).height())
                    .max()
                    .orElse(0);
            return inner == NEVER ? NEVER : inner + 1;
        }

        @Override
        Node start(int levels) {
            return Node.seq(Literal.of("{"), new FieldsRest(this, levels - 1, new BitSet(), true));
        }
    }
}
