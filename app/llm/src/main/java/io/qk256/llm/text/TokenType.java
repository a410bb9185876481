package io.qk256.llm.text;

import java.util.Optional;

/** The type of a token ({@code tokenizer.ggml.token_type}; llama.cpp, {@code llama_token_type}). */
enum TokenType {
    NORMAL(1),
    UNKNOWN(2),
    /** A control token such as {@code <|eot_id|>}: not text, and never produced from text by accident. */
    CONTROL(3),
    /** Text that always becomes this token, before anything else is split. */
    USER_DEFINED(4),
    UNUSED(5),
    /** One byte, for characters that the vocabulary lacks; never produced from its name in a text. */
    BYTE(6);

    private static final TokenType[] ALL = values();

    private final int id;

    TokenType(int id) {
        this.id = id;
    }

    static Optional<TokenType> of(long id) {
        return id >= 1 && id <= ALL.length ? Optional.of(ALL[(int) id - 1]) : Optional.empty();
    }

    int id() {
        return id;
    }

    /** Whether merges can produce it. */
    boolean isPlain() {
        return this == NORMAL;
    }

    /** Whether its bytes are part of the text. */
    boolean isText() {
        return this == NORMAL || this == USER_DEFINED || this == BYTE;
    }
}
