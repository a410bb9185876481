package io.qk256.llm.text.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an expression of a template gives. */
public sealed interface Value {

    /** The text that the template has written. */
    static Value ofTemplate(String text) {
        return new Text(MarkedText.ofTemplate(text));
    }

    /** The text that somebody has typed. */
    static Value ofMessage(String text) {
        return new Text(MarkedText.ofMessage(text));
    }

    /** Whether {@code if} takes it as true: what is neither empty nor zero. */
    boolean isTrue();

    /** For error messages. */
    String kind();

    /** A string. */
    record Text(MarkedText marked) implements Value {

        String text() {
            return marked.text();
        }

        @Override
        public boolean isTrue() {
            return marked.length() > 0;
        }

        @Override
        public String kind() {
            return "a string";
        }
    }

    /** An integer. */
    record Int(long value) implements Value {

        @Override
        public boolean isTrue() {
            return value != 0;
        }

        @Override
        public String kind() {
            return "a number";
        }
    }

    /** A number with a point or an exponent, or a large one: templates can only write it. */
    record Real(String written) implements Value {

        @Override
        public boolean isTrue() {
            return Double.parseDouble(written) != 0;
        }

        @Override
        public String kind() {
            return "a number";
        }
    }

    /** True or false. */
    enum Bool implements Value {
        TRUE,
        FALSE;

        /** One of the two. */
        public static Bool of(boolean value) {
            return value ? TRUE : FALSE;
        }

        @Override
        public boolean isTrue() {
            return this == TRUE;
        }

        @Override
        public String kind() {
            return "a boolean";
        }
    }

    /** Python's None. */
    enum None implements Value {
        NONE;

        @Override
        public boolean isTrue() {
            return false;
        }

        @Override
        public String kind() {
            return "none";
        }
    }

    /** A variable or field that does not exist: false, empty when printed, an error almost everywhere else. */
    record Undefined(String name) implements Value {

        @Override
        public boolean isTrue() {
            return false;
        }

        @Override
        public String kind() {
            return "undefined (\"" + name + "\")";
        }
    }

    /** A list or tuple. */
    record Sequence(List<Value> elements) implements Value {

        /** A list that cannot change. */
        public Sequence {
            elements = List.copyOf(elements);
        }

        @Override
        public boolean isTrue() {
            return !elements.isEmpty();
        }

        @Override
        public String kind() {
            return "a list";
        }
    }

    /** A dictionary whose keys are strings, in the order of insertion. Must not be changed. */
    record Mapping(Map<String, Value> fields) implements Value {

        @Override
        public boolean isTrue() {
            return !fields.isEmpty();
        }

        @Override
        public String kind() {
            return "a dictionary";
        }
    }

    /** The only values that templates can change: {@code set ns.name = value}. */
    record Namespace(Map<String, Value> fields) implements Value {

        @Override
        public boolean isTrue() {
            return true;
        }

        @Override
        public String kind() {
            return "a namespace";
        }
    }

    /** The variable {@code loop} inside {@code for}. */
    record Loop(List<Value> elements, int index) implements Value {

        Optional<Value> attribute(String name) {
            int size = elements.size();
            return switch (name) {
                case "index" -> Optional.of(new Int(index + 1L));
                case "index0" -> Optional.of(new Int(index));
                case "revindex" -> Optional.of(new Int(size - index));
                case "revindex0" -> Optional.of(new Int(size - index - 1L));
                case "first" -> Optional.of(Bool.of(index == 0));
                case "last" -> Optional.of(Bool.of(index == size - 1));
                case "length" -> Optional.of(new Int(size));
                case "previtem" -> Optional.of(index == 0 ? new Undefined(name) : elements.get(index - 1));
                case "nextitem" -> Optional.of(index == size - 1 ? new Undefined(name) : elements.get(index + 1));
                default -> Optional.empty();
            };
        }

        @Override
        public boolean isTrue() {
            return true;
        }

        @Override
        public String kind() {
            return "a loop";
        }
    }

    /** A macro of the template, with the variables that it sees. */
    record Macro(Statement.MacroDefinition definition, Scope scope) implements Value {

        @Override
        public boolean isTrue() {
            return true;
        }

        @Override
        public String kind() {
            return "a macro";
        }
    }

    /** A function that every template can call. */
    record Function(String name) implements Value {

        @Override
        public boolean isTrue() {
            return true;
        }

        @Override
        public String kind() {
            return "a function";
        }
    }

    /** Variables, and those around them. */
    final class Scope {

        private final Map<String, Value> variables = new HashMap<>();
        private final Optional<Scope> outer;
        private final int depth;

        Scope(Optional<Scope> outer) {
            this.outer = outer;
            this.depth = outer.map(scope -> scope.depth + 1).orElse(0);
        }

        /** How many scopes a search may go through. */
        int depth() {
            return depth;
        }

        Value find(String name) {
            for (Optional<Scope> scope = Optional.of(this); scope.isPresent(); scope = scope.get().outer) {
                Value value = scope.get().variables.get(name);
                if (value != null) {
                    return value;
                }
            }
            return new Undefined(name);
        }

        void set(String name, Value value) {
            variables.put(name, value);
        }
    }
}
