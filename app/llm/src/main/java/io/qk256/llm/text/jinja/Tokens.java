package io.qk256.llm.text.jinja;

import io.qk256.llm.text.jinja.Token.Kind;
import java.util.List;

/** The tokens of a template, with a place in them. Not thread-safe. */
final class Tokens {

    /** Blocks and brackets inside each other; each takes about a dozen stack frames. */
    private static final int MAX_DEPTH = 100;

    private final List<Token> tokens;
    private int position;
    private int depth;

    Tokens(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek(int ahead) {
        return tokens.get(Math.min(position + ahead, tokens.size() - 1));
    }

    Token next() {
        Token token = peek(0);
        position++;
        return token;
    }

    void back() {
        position--;
    }

    boolean at(Kind kind) {
        return peek(0).kind() == kind;
    }

    boolean atName(String name) {
        return peek(0).is(Kind.NAME, name);
    }

    /** Whether this operator was next; then it is taken. */
    boolean skip(String operator) {
        boolean found = peek(0).is(Kind.OPERATOR, operator);
        position += found ? 1 : 0;
        return found;
    }

    /** Whether this name was next; then it is taken. */
    boolean skipName(String name) {
        boolean found = atName(name);
        position += found ? 1 : 0;
        return found;
    }

    void require(Kind kind, String text) {
        if (!peek(0).is(kind, text)) {
            throw unexpected("\"" + text + "\"");
        }
        position++;
    }

    Token requireName() {
        if (!at(Kind.NAME)) {
            throw unexpected("a name");
        }
        return next();
    }

    void requireName(String name) {
        if (!skipName(name)) {
            throw unexpected("\"" + name + "\"");
        }
    }

    void enter() {
        if (++depth > MAX_DEPTH) {
            throw error("the template nests deeper than " + MAX_DEPTH + " levels");
        }
    }

    void leave() {
        depth--;
    }

    JinjaException unexpected(String expected) {
        return error(peek(0).describe() + ", expected " + expected);
    }

    JinjaException error(String message) {
        return JinjaException.at(peek(0).line(), message);
    }
}
