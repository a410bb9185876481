package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads statements. Not thread-safe. */
final class Parser {

    private final Tokens tokens;
    private final ExpressionParser expressions;
    private int loops;

    Parser(List<Token> tokens) {
        this.tokens = new Tokens(tokens);
        this.expressions = new ExpressionParser(this.tokens);
    }

    List<Statement> parse() {
        List<Statement> statements = statements(Set.of());
        if (!tokens.at(Kind.END)) {
            throw tokens.error("\"" + tokens.peek(1).text() + "\" ends no block");
        }
        return statements;
    }

    /** Statements up to a block that begins with one of the names, or the end; the block is left. */
    private List<Statement> statements(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        tokens.enter();
        while (!tokens.at(Kind.END)) {
            Token token = tokens.next();
            switch (token.kind()) {
                case TEXT -> statements.add(new Statement.Text(token.line(), token.text()));
                case OUTPUT_BEGIN -> {
                    Expression value = expressions.tuple();
                    tokens.require(Kind.OUTPUT_END, "}}");
                    statements.add(new Statement.Output(token.line(), value));
                }
                default -> {
                    String name = tokens.peek(0).text();
                    if (tokens.at(Kind.NAME) && isEnd(name)) {
                        tokens.back();
                        if (!ends.contains(name) && !ends.isEmpty()) {
                            throw tokens.error("\"" + name + "\", expected "
                                    + String.join(" or ", ends.stream().sorted().toList()));
                        }
                        tokens.leave();
                        return statements;
                    }
                    statements.add(block());
                }
            }
        }
        if (!ends.isEmpty()) {
            throw tokens.error("the template ends before "
                    + String.join(" or ", ends.stream().sorted().toList()));
        }
        tokens.leave();
        return statements;
    }

    private static boolean isEnd(String name) {
        return name.startsWith("end") || name.equals("else") || name.equals("elif");
    }

    private Statement block() {
        Token name = tokens.requireName();
        int line = name.line();
        return switch (name.text()) {
            case "if" -> condition(line);
            case "for" -> loop(line);
            case "set" -> set(line);
            case "macro" -> macro(line);
            case "generation" -> {
                blockEnd();
                yield new Statement.Block(line, body("endgeneration"));
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw tokens.error("\"" + name.text() + "\" outside of a loop");
                }
                blockEnd();
                yield name.text().equals("break") ? new Statement.Break(line) : new Statement.Continue(line);
            }
            default ->
                throw JinjaException.at(
                        line,
                        "the block \"" + name.text()
                                + "\" is not supported, only if, for, set, macro, generation, break and continue");
        };
    }

    private Statement condition(int line) {
        List<Statement.Branch> branches = new ArrayList<>();
        List<Statement> otherwise = List.of();
        String end = "elif";
        while (end.equals("elif")) {
            Expression test = expressions.tuple();
            blockEnd();
            List<Statement> body = statements(Set.of("elif", "else", "endif"));
            branches.add(new Statement.Branch(test, body));
            end = endName();
        }
        if (end.equals("else")) {
            blockEnd();
            otherwise = statements(Set.of("endif"));
            endName();
        }
        blockEnd();
        return new Statement.If(line, branches, otherwise);
    }

    private Statement loop(int line) {
        List<String> targets = targets();
        tokens.requireName("in");
        Expression iterable = expressions.withoutCondition();
        Optional<Expression> filter = Optional.empty();
        if (tokens.skipName("if")) {
            filter = Optional.of(expressions.expression());
        }
        if (tokens.at(Kind.NAME) && tokens.peek(0).text().equals("recursive")) {
            throw tokens.error("recursive loops are not supported");
        }
        blockEnd();
        loops++;
        List<Statement> body = statements(Set.of("else", "endfor"));
        loops--;
        List<Statement> otherwise = List.of();
        if (endName().equals("else")) {
            blockEnd();
            otherwise = statements(Set.of("endfor"));
            endName();
        }
        blockEnd();
        return new Statement.For(line, targets, iterable, filter, body, otherwise);
    }

    private Statement set(int line) {
        if (tokens.peek(1).is(Kind.OPERATOR, ".")) {
            String namespace = tokens.requireName().text();
            tokens.next();
            String name = tokens.requireName().text();
            tokens.require(Kind.OPERATOR, "=");
            Expression value = expressions.tuple();
            blockEnd();
            return new Statement.SetAttribute(line, namespace, name, value);
        }
        List<String> targets = targets();
        if (targets.size() == 1 && tokens.at(Kind.BLOCK_END)) {
            blockEnd();
            return new Statement.SetBlock(line, targets.getFirst(), body("endset"));
        }
        tokens.require(Kind.OPERATOR, "=");
        Expression value = expressions.tuple();
        blockEnd();
        return new Statement.Set(line, targets, value);
    }

    private Statement macro(int line) {
        String name = tokens.requireName().text();
        List<Statement.Parameter> parameters = new ArrayList<>();
        tokens.require(Kind.OPERATOR, "(");
        while (!tokens.skip(")")) {
            String parameter = tokens.requireName().text();
            Optional<Expression> defaultValue =
                    tokens.skip("=") ? Optional.of(expressions.expression()) : Optional.empty();
            parameters.add(new Statement.Parameter(parameter, defaultValue));
            if (!tokens.skip(",") && !tokens.peek(0).is(Kind.OPERATOR, ")")) {
                throw tokens.unexpected("\",\" or \")\"");
            }
        }
        blockEnd();
        int outside = loops;
        loops = 0;
        List<Statement> body = body("endmacro");
        loops = outside;
        return new Statement.MacroDefinition(line, name, parameters, body);
    }

    private List<Statement> body(String end) {
        List<Statement> body = statements(Set.of(end));
        endName();
        blockEnd();
        return body;
    }

    private List<String> targets() {
        boolean inBrackets = tokens.skip("(");
        List<String> targets = new ArrayList<>();
        do {
            targets.add(tokens.requireName().text());
        } while (tokens.skip(","));
        if (inBrackets) {
            tokens.require(Kind.OPERATOR, ")");
        }
        return targets;
    }

    /** The name that ends a body, behind its block begin. */
    private String endName() {
        tokens.require(Kind.BLOCK_BEGIN, "{%");
        return tokens.requireName().text();
    }

    private void blockEnd() {
        tokens.require(Kind.BLOCK_END, "%}");
    }
}
