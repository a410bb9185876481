package io.qk256.llm.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A part of a template that gives a value. The line counts from 1. */
sealed interface Expression {

    int line();

    record Literal(int line, Value value) implements Expression {}

    record Name(int line, String name) implements Expression {}

    record ListLiteral(int line, List<Expression> elements) implements Expression {}

    record MapLiteral(int line, List<Expression> keys, List<Expression> values) implements Expression {}

    record Attribute(int line, Expression of, String name) implements Expression {}

    record Item(int line, Expression of, Expression index) implements Expression {}

    record Slice(int line, Expression of, Optional<Expression> from, Optional<Expression> to, Optional<Expression> step)
            implements Expression {}

    record Call(int line, Expression callee, ArgumentList arguments) implements Expression {}

    record Filter(int line, Expression of, String name, ArgumentList arguments) implements Expression {}

    record Test(int line, Expression of, String name, ArgumentList arguments) implements Expression {}

    /** {@code + - * // % ~} */
    record Binary(int line, String operator, Expression left, Expression right) implements Expression {}

    /** One or more of {@code == != < <= > >= in}; {@code not in} is "not in". */
    record Comparison(int line, Expression first, List<String> operators, List<Expression> others)
            implements Expression {}

    record And(int line, Expression left, Expression right) implements Expression {}

    record Or(int line, Expression left, Expression right) implements Expression {}

    record Not(int line, Expression of) implements Expression {}

    record Negative(int line, Expression of) implements Expression {}

    /** {@code a if condition else b}. */
    record Conditional(int line, Expression condition, Expression then, Optional<Expression> otherwise)
            implements Expression {}

    record ArgumentList(List<Expression> positional, Map<String, Expression> named) {

        static final ArgumentList NONE = new ArgumentList(List.of(), Map.of());
    }
}
