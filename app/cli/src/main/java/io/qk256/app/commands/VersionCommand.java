package io.qk256.app.commands;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** The same as {@code --version}. */
@Command(name = "version", mixinStandardHelpOptions = true, description = "Show the version.")
final class VersionCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    VersionCommand() {}

    @Override
    public Integer call() throws IOException {
        for (String line : new Version().getVersion()) {
            Objects.requireNonNull(root).out().println(line);
        }
        return ExitCode.OK;
    }
}
