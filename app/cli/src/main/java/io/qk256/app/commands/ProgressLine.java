package io.qk256.app.commands;

import io.qk256.gguf.Progress;

/** Progress as one line of a terminal that is written over and over, and is gone at the end. */
final class ProgressLine implements Progress {

    private static final long PERCENT = 100;

    private final Terminal terminal;
    private String shown = "";

    private ProgressLine(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Shows what is done, and a percentage, if there is a terminal to see it. */
    static Progress on(Terminal terminal) {
        return terminal.showsProgress() ? new ProgressLine(terminal) : NONE;
    }

    @Override
    public void at(String what, long done, long total) {
        String line = done < total ? what + " " + PERCENT * done / total + " %" : "";
        if (!line.equals(shown)) {
            shown = line;
            terminal.progress(line);
        }
    }
}
