package io.qk256.app.commands;

import io.qk256.app.check.Proof;
import io.qk256.app.check.ProofReport;
import io.qk256.gguf.Progress;
import io.qk256.gguf.layout.I2sLayout;
import io.qk256.spi.Kernel;
import io.qk256.spi.selection.Selection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Checks the selected kernel on real weights. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Check the selected kernel on real weights: a small BitNet model in two packings, and matrices with results"
                    + " recorded from bitnet.cpp and ggml; or every 2-bit tensor of a file.",
            "Dequantized values and int8 products must be exact, f32 products within the bound of the contract."
        })
final class CheckCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE.gguf",
            description = "A model with tensors of a 2-bit type, or hf:OWNER/REPO[:FILE].")
    private @Nullable ModelFile file;

    @Mixin
    private final GgufOptions gguf = new GgufOptions();

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    CheckCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        Optional<Path> path = Optional.empty();
        if (file == null) {
            gguf.requireNone();
        } else {
            path = Optional.of(GgufOptions.requireFile(file));
        }
        int code = command.exitCode(true);
        return code == ExitCode.OK ? check(command, path, gguf.i2sLayout(), json) : code;
    }

    /** Runs the proof on the embedded weights. */
    static int check(Qk256Command command) throws IOException {
        return check(command, Optional.empty(), I2sLayout.X86, false);
    }

    private static int check(Qk256Command command, Optional<Path> file, I2sLayout i2sLayout, boolean json)
            throws IOException {
        Selection selection = command.machine().selection();
        Kernel kernel = selection.kernel();
        String name = KernelReport.selected(selection);
        Progress progress = ProgressLine.on(command.terminal());
        ProofReport report = file.isPresent()
                ? Proof.run(kernel, file.get(), i2sLayout, progress)
                : Proof.run(kernel, Optional.empty(), progress);
        if (json) {
            CheckReport.printJson(name, report, command.out());
        } else {
            CheckReport.print(name, report, command.out());
        }
        return report.passed() ? ExitCode.OK : ExitCode.FAILED;
    }
}
