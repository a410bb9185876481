package io.qk256.spi.plugin;

import io.qk256.spi.selection.Gate;
import io.qk256.spi.support.PrintableText;
import org.jspecify.annotations.Nullable;

/** Rejects a plugin. The message is shown to the operator; control characters in quoted text are removed. */
final class PluginException extends Exception {

    private static final long serialVersionUID = 1;

    private static final int MAX_REASON = 1500;

    private final Gate gate;

    PluginException(Gate gate, String reason, @Nullable Throwable cause) {
        super(PrintableText.line(reason, MAX_REASON), cause);
        this.gate = gate;
    }

    PluginException(Gate gate, String reason) {
        this(gate, reason, null);
    }

    Gate gate() {
        return gate;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
