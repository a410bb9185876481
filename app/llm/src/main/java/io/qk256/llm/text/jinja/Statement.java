package io.qk256.llm.text.jinja;

import java.util.List;
import java.util.Optional;

/** A part of a template that writes text or sets variables. The line counts from 1. */
sealed interface Statement {

    int line();

    record Text(int line, String text) implements Statement {}

    record Output(int line, Expression value) implements Statement {}

    record If(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {}

    /** {@code if} or {@code elif}. */
    record Branch(Expression condition, List<Statement> body) {}

    record For(
            int line,
            List<String> targets,
            Expression iterable,
            Optional<Expression> filter,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    record Set(int line, List<String> targets, Expression value) implements Statement {}

    record SetAttribute(int line, String namespace, String name, Expression value) implements Statement {}

    /** {@code {% set name %}...{% endset %}}. */
    record SetBlock(int line, String target, List<Statement> body) implements Statement {}

    record MacroDefinition(int line, String name, List<Parameter> parameters, List<Statement> body)
            implements Statement {}

    record Parameter(String name, Optional<Expression> defaultValue) {}

    /** What training tools mark with {@code {% generation %}}; it changes nothing here. */
    record Block(int line, List<Statement> body) implements Statement {}

    record Break(int line) implements Statement {}

    record Continue(int line) implements Statement {}
}
