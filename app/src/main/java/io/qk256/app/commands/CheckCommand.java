package io.qk256.app.commands;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Proves the selected kernel on real weights. */
@Command(name = "check", mixinStandardHelpOptions = true, description = "Prove the selected kernel on real weights.")
final class CheckCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE.gguf",
            description = "A model; without it, the weights that are shipped.")
    private @Nullable Path file;

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    CheckCommand() {}

    @Override
    public Integer call() {
        return check(Objects.requireNonNull(root), Optional.ofNullable(file), json);
    }

    static int check(Qk256Command command, Optional<Path> file, boolean json) {
        command.out().println(file + " " + json);
        return ExitCode.OK;
    }
}
