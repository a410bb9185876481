package io.qk256.app.commands;

import io.qk256.gguf.GgufFile;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows what a GGUF file holds. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = "Show what a GGUF file holds: its keys, its tensors, and which of them this program can use.")
final class InspectCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Mixin
    private final GgufOptions gguf = new GgufOptions();

    @Parameters(paramLabel = "FILE.gguf", description = "The GGUF file, or hf:OWNER/REPO[:FILE].")
    private @Nullable ModelFile file;

    @Option(names = "--json", description = "Print one JSON object instead of tables.")
    private boolean json;

    InspectCommand() {}

    @Override
    public Integer call() throws IOException {
        try (GgufFile opened = gguf.open(Objects.requireNonNull(file))) {
            InspectReport report = new InspectReport(opened);
            if (json) {
                Json.print(report.json(), Objects.requireNonNull(root).out());
            } else {
                report.print(Objects.requireNonNull(root).out());
            }
        }
        return ExitCode.OK;
    }
}
