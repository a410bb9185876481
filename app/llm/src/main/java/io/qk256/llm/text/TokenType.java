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

    /** Whether the vocabulary spells it in the byte alphabet, and merges can produce it. */
    boolean isPlain() {
        return this == NORMAL || this == BYTE;
    }

    /** Whether its bytes are part of the text. */
    boolean isText() {
        return isPlain() || this == USER_DEFINED;
    }
}
