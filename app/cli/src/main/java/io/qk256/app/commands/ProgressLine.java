package io.qk256.app.commands;

import io.qk256.gguf.layout.Repack.Progress;

/** One line of a terminal that is written over and over. */
final class ProgressLine {

    private ProgressLine() {}

    /** Shows a percentage, if there is a terminal to see it. */
    static Progress of(String what, Terminal terminal) {
        if (!terminal.showsProgress()) {
            return Progress.NONE;
        }
        return (done, total) -> terminal.progress(done < total ? what + " " + 100 * done / total + " %" : "");
    }
}
