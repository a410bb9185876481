package io.qk256.llm.text.jinja;

/**
 * The smallest part of a template.
 *
 * @param text of a string literal or of template text: the characters that it stands for
 */
record Token(Kind kind, String text, int line) {

    enum Kind {
        TEXT,
        BLOCK_BEGIN,
        BLOCK_END,
        OUTPUT_BEGIN,
        OUTPUT_END,
        NAME,
        STRING,
        INTEGER,
        OPERATOR,
        END
    }

    boolean is(Kind wanted, String wantedText) {
        return kind == wanted && text.equals(wantedText);
    }

    /** For error messages. */
    String describe() {
        return switch (kind) {
            case END -> "the end of the template";
            case BLOCK_END -> "\"%}\"";
            case OUTPUT_END -> "\"}}\"";
            case STRING -> "a string";
            default -> "\"" + text + "\"";
        };
    }
}
