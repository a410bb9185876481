package io.qk256.app.commands;

import io.qk256.gguf.Progress;

/** Progress as one terminal line, which is overwritten and disappears at the end. */
final class ProgressLine implements Progress {

    private static final long PERCENT = 100;

    private final Terminal terminal;
    private String shown = "";

    private ProgressLine(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Shows the step and a percentage if standard error is a terminal. */
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
