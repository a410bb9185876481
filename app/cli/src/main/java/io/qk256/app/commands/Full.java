package io.qk256.app.commands;

import io.qk256.llm.generation.GenerationOptions.WhenFull;

/** What to do when the context is full. */
enum Full {
    STOP("stop", WhenFull.STOP),
    FORGET_OLDEST("forget-oldest", WhenFull.FORGET_OLDEST);

    private final String text;
    private final WhenFull choice;

    Full(String text, WhenFull choice) {
        this.text = text;
        this.choice = choice;
    }

    WhenFull choice() {
        return choice;
    }

    /** As the user writes it. */
    @Override
    public String toString() {
        return text;
    }
}
