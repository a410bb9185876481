package io.qk256.app.commands;

import io.qk256.llm.model.Skipping;

/** {@link Skipping}, by the names that users type. */
enum Skip {
    NONE(Skipping.NONE),
    ROWS(Skipping.ROWS),
    ALL(Skipping.ROWS_AND_COLUMNS);

    private final Skipping skipping;

    Skip(Skipping skipping) {
        this.skipping = skipping;
    }

    Skipping skipping() {
        return skipping;
    }
}
