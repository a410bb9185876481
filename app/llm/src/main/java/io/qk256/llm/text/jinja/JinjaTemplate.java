package io.qk256.llm.text.jinja;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A template that can be run. Immutable and thread-safe. */
public final class JinjaTemplate {

    /** The longest that is known has 20,000 characters. */
    private static final int MAX_LENGTH = 1 << 20;

    private final List<Statement> statements;

    private JinjaTemplate(List<Statement> statements) {
        this.statements = statements;
    }

    /**
     * Reads a template.
     *
     * @throws JinjaException if it is wrong, or has statements that are not supported
     */
    public static JinjaTemplate parse(String source) {
        if (source.length() > MAX_LENGTH) {
            throw JinjaException.at(1, source.length() + " characters, expected at most " + MAX_LENGTH);
        }
        return new JinjaTemplate(List.copyOf(new Parser(new Lexer(source).tokens()).parse()));
    }

    /**
     * Runs it. The same variables give the same text.
     *
     * @param now what {@code strftime_now} tells; without it, that function is undefined
     * @throws JinjaException if it cannot be run, takes too much time or memory, or refuses the messages
     */
    public MarkedText render(Map<String, Value> variables, Optional<LocalDateTime> now) {
        Size size = new Size();
        variables.values().forEach(size::add);
        return new Interpreter(new Budget(size.characters, size.elements), now).run(statements, variables);
    }

    /** Of all that is given to a template. */
    private static final class Size {

        private long characters;
        private long elements;

        void add(Value value) {
            elements++;
            switch (value) {
                case Value.Text text -> characters += text.marked().length();
                case Value.Sequence list -> list.elements().forEach(this::add);
                case Value.Mapping map -> map.fields().values().forEach(this::add);
                default -> {}
            }
        }
    }
}
