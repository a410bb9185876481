package io.qk256.llm.grammar;

import java.nio.charset.StandardCharsets;

/** Fixed text; its rest is never empty. */
final class Literal extends Node {

    private final byte[] utf8;
    private final int at;
    private final int hash;

    private Literal(byte[] utf8, int at) {
        this.utf8 = utf8;
        this.at = at;
        this.hash = rest().hashCode();
    }

    static Node of(String text) {
        return text.isEmpty() ? END : new Literal(text.getBytes(StandardCharsets.UTF_8), 0);
    }

    private String rest() {
        return new String(utf8, at, utf8.length - at, StandardCharsets.ISO_8859_1);
    }

    @Override
    boolean mayEnd() {
        return false;
    }

    @Override
    Node next(int b) {
        if (Byte.toUnsignedInt(utf8[at]) != b) {
            return NONE;
        }
        return at + 1 == utf8.length ? END : new Literal(utf8, at + 1);
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof Literal that && hash == that.hash && rest().equals(that.rest()));
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
