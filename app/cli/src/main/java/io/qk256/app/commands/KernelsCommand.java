package io.qk256.app.commands;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Shows the machine and its kernels. */
@Command(
        name = "kernels",
        mixinStandardHelpOptions = true,
        description = "Show the kernels that were found, which one is selected, and why.")
final class KernelsCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    KernelsCommand() {}

    @Override
    public Integer call() {
        Qk256Command command = Objects.requireNonNull(root);
        command.reportsKernels();
        if (json) {
            KernelReport.printJson(command.machine(), command.out());
        } else {
            KernelReport.print(command.machine(), command.out());
            KernelReport.printOrigins(command.machine().selection(), command.out());
        }
        return command.exitCode(false);
    }
}
