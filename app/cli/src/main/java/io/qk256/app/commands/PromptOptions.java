package io.qk256.app.commands;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The source of the prompt: one of these options. */
final class PromptOptions {

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "The prompt: a question or, for a model that only continues text, the beginning of one.")
    private @Nullable String text;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description =
                    "Read the prompt from a UTF-8 file, or with - from standard input (the default when text is piped in).")
    private @Nullable Path file;

    @Option(
            names = "--chat",
            description =
                    "Hold a conversation, one message per line. The default at a terminal for a model that answers"
                            + " questions.")
    private boolean chat;

    PromptOptions() {}

    boolean isChat() {
        return chat;
    }

    /** Returns the prompt given by the options, or piped in if there are none. */
    static Optional<String> prompt(@Nullable PromptOptions options, Terminal terminal) throws IOException {
        if (options == null) {
            return terminal.isTypedIn()
                    ? Optional.empty()
                    : Optional.of(TextStreams.readInput(terminal)).filter(text -> !text.isBlank());
        }
        if (options.file != null) {
            return Optional.of(TextStreams.read(options.file, terminal));
        }
        return Optional.ofNullable(options.text);
    }
}
