package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Expression.ArgumentList;
import io.qk256.llm.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads expressions, with Jinja's precedence. Not thread-safe. */
final class ExpressionParser {

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    /** Names that cannot begin the argument of a test without brackets. */
    private static final Set<String> NOT_ARGUMENTS = Set.of("else", "or", "and", "is", "if", "in", "not");

    private final Tokens tokens;

    ExpressionParser(Tokens tokens) {
        this.tokens = tokens;
    }

    /** One expression, or several between commas, which make a list. */
    Expression tuple() {
        Expression first = expression();
        if (!tokens.peek(0).is(Kind.OPERATOR, ",")) {
            return first;
        }
        List<Expression> elements = new ArrayList<>(List.of(first));
        while (tokens.skip(",") && !atEnd()) {
            elements.add(expression());
        }
        return new Expression.ListLiteral(first.line(), elements);
    }

    private boolean atEnd() {
        return tokens.at(Kind.BLOCK_END)
                || tokens.at(Kind.OUTPUT_END)
                || tokens.peek(0).is(Kind.OPERATOR, ")");
    }

    Expression expression() {
        tokens.enter();
        Expression then = or();
        while (tokens.atName("if")) {
            int line = tokens.next().line();
            Expression condition = or();
            Optional<Expression> otherwise = tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
            then = new Expression.Conditional(line, condition, then, otherwise);
        }
        tokens.leave();
        return then;
    }

    /** What a loop goes over: an {@code if} behind it filters the elements. */
    Expression withoutCondition() {
        return or();
    }

    private Expression or() {
        Expression left = and();
        while (tokens.atName("or")) {
            int line = tokens.next().line();
            left = new Expression.Or(line, left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.atName("and")) {
            int line = tokens.next().line();
            left = new Expression.And(line, left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.atName("not")) {
            return comparison();
        }
        tokens.enter();
        int line = tokens.next().line();
        Expression of = not();
        tokens.leave();
        return new Expression.Not(line, of);
    }

    private Expression comparison() {
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> others = new ArrayList<>();
        while (true) {
            Token token = tokens.peek(0);
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                operators.add(tokens.next().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (tokens.atName("not") && tokens.peek(1).is(Kind.NAME, "in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                break;
            }
            others.add(sum());
        }
        return operators.isEmpty()
                ? first
                : new Expression.Comparison(first.line(), first, List.copyOf(operators), List.copyOf(others));
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.peek(0).is(Kind.OPERATOR, "+") || tokens.peek(0).is(Kind.OPERATOR, "-")) {
            Token operator = tokens.next();
            left = new Expression.Binary(operator.line(), operator.text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (tokens.peek(0).is(Kind.OPERATOR, "~")) {
            Token operator = tokens.next();
            left = new Expression.Binary(operator.line(), operator.text(), left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = unary();
        while (tokens.at(Kind.OPERATOR)
                && Set.of("*", "/", "//", "%").contains(tokens.peek(0).text())) {
            Token operator = tokens.next();
            left = new Expression.Binary(operator.line(), operator.text(), left, unary());
        }
        return left;
    }

    private Expression unary() {
        tokens.enter();
        Expression result = filters(sign());
        tokens.leave();
        if (tokens.peek(0).is(Kind.OPERATOR, "**")) {
            throw tokens.error("the operator \"**\" is not supported");
        }
        return result;
    }

    /** A minus binds closer than a filter. */
    private Expression sign() {
        int line = tokens.peek(0).line();
        if (tokens.skip("-")) {
            tokens.enter();
            Expression of = sign();
            tokens.leave();
            return new Expression.Negative(line, of);
        }
        if (tokens.skip("+")) {
            throw JinjaException.at(line, "a sign \"+\" is not supported");
        }
        return accesses(primary());
    }

    private Expression primary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME -> name(token);
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.at(Kind.STRING)) {
                    text.append(tokens.next().text());
                }
                yield new Expression.Literal(token.line(), Value.ofTemplate(text.toString()));
            }
            case INTEGER -> new Expression.Literal(token.line(), new Value.Int(Long.parseLong(token.text())));
            case OPERATOR -> bracket(token);
            default -> {
                tokens.back();
                throw tokens.unexpected("an expression");
            }
        };
    }

    private static Expression name(Token token) {
        int line = token.line();
        return switch (token.text()) {
            case "true", "True" -> new Expression.Literal(line, Value.Bool.TRUE);
            case "false", "False" -> new Expression.Literal(line, Value.Bool.FALSE);
            case "none", "None" -> new Expression.Literal(line, Value.None.NONE);
            default -> new Expression.Name(line, token.text());
        };
    }

    private Expression bracket(Token token) {
        return switch (token.text()) {
            case "(" -> {
                if (tokens.skip(")")) {
                    yield new Expression.ListLiteral(token.line(), List.of());
                }
                Expression inside = tuple();
                tokens.require(Kind.OPERATOR, ")");
                yield inside;
            }
            case "[" -> {
                List<Expression> elements = new ArrayList<>();
                while (!tokens.skip("]")) {
                    elements.add(expression());
                    comma("]");
                }
                yield new Expression.ListLiteral(token.line(), elements);
            }
            case "{" -> {
                List<Expression> keys = new ArrayList<>();
                List<Expression> values = new ArrayList<>();
                while (!tokens.skip("}")) {
                    keys.add(expression());
                    tokens.require(Kind.OPERATOR, ":");
                    values.add(expression());
                    comma("}");
                }
                yield new Expression.MapLiteral(token.line(), keys, values);
            }
            default -> {
                tokens.back();
                throw tokens.unexpected("an expression");
            }
        };
    }

    private void comma(String close) {
        if (!tokens.skip(",") && !tokens.peek(0).is(Kind.OPERATOR, close)) {
            throw tokens.unexpected("\",\" or \"" + close + "\"");
        }
    }

    private Expression accesses(Expression start) {
        Expression result = start;
        while (true) {
            int line = tokens.peek(0).line();
            if (tokens.skip(".")) {
                result = new Expression.Attribute(
                        line, result, tokens.requireName().text());
            } else if (tokens.skip("[")) {
                result = subscript(result, line);
            } else if (tokens.skip("(")) {
                result = new Expression.Call(line, result, arguments());
            } else {
                return result;
            }
        }
    }

    private Expression subscript(Expression of, int line) {
        Optional<Expression> from = Optional.empty();
        if (!tokens.peek(0).is(Kind.OPERATOR, ":")) {
            Expression index = expression();
            if (tokens.skip("]")) {
                return new Expression.Item(line, of, index);
            }
            from = Optional.of(index);
        }
        tokens.require(Kind.OPERATOR, ":");
        Optional<Expression> to = bound();
        Optional<Expression> step = tokens.skip(":") ? bound() : Optional.empty();
        tokens.require(Kind.OPERATOR, "]");
        return new Expression.Slice(line, of, from, to, step);
    }

    private Optional<Expression> bound() {
        Token token = tokens.peek(0);
        return token.is(Kind.OPERATOR, ":") || token.is(Kind.OPERATOR, "]")
                ? Optional.empty()
                : Optional.of(expression());
    }

    /** Behind the bracket. */
    private ArgumentList arguments() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!tokens.skip(")")) {
            if (tokens.peek(0).is(Kind.OPERATOR, "*") || tokens.peek(0).is(Kind.OPERATOR, "**")) {
                throw tokens.error("arguments with \"*\" are not supported");
            }
            if (tokens.at(Kind.NAME) && tokens.peek(1).is(Kind.OPERATOR, "=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expression());
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.unexpected("arguments with names at the end only");
            }
            comma(")");
        }
        return new ArgumentList(positional, named);
    }

    private Expression filters(Expression start) {
        Expression result = start;
        while (true) {
            int line = tokens.peek(0).line();
            if (tokens.skip("|")) {
                String name = tokens.requireName().text();
                result = new Expression.Filter(line, result, name, tokens.skip("(") ? arguments() : ArgumentList.NONE);
            } else if (tokens.skipName("is")) {
                result = test(result, line);
            } else {
                return result;
            }
        }
    }

    private Expression test(Expression of, int line) {
        boolean negated = tokens.skipName("not");
        String name = tokens.requireName().text();
        ArgumentList arguments = ArgumentList.NONE;
        if (tokens.skip("(")) {
            arguments = arguments();
        } else if (beginsArgument()) {
            arguments = new ArgumentList(List.of(accesses(primary())), Map.of());
        }
        Expression test = new Expression.Test(line, of, name, arguments);
        return negated ? new Expression.Not(line, test) : test;
    }

    private boolean beginsArgument() {
        Token token = tokens.peek(0);
        return switch (token.kind()) {
            case NAME -> !NOT_ARGUMENTS.contains(token.text());
            case STRING, INTEGER -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }
}
