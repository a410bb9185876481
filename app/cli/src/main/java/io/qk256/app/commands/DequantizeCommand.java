package io.qk256.app.commands;

import io.qk256.gguf.GgufFile;
import io.qk256.gguf.GgufTensor;
import io.qk256.gguf.convert.NpyFile;
import io.qk256.gguf.layout.TensorRows;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Writes the weights of one tensor as f32. */
@Command(
        name = "dequantize",
        mixinStandardHelpOptions = true,
        description = {
            "Write a tensor of a GGUF file as f32 values for NumPy, rows x columns.",
            "Types: F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K, Q5_1, Q5_0, Q4_1, Q4_0, Q2_0, PQ2_0, PTQ1_0, TQ1_0, TQ2_0,"
                    + " I2_S, QK256."
        })
final class DequantizeCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Mixin
    private final GgufOptions gguf = new GgufOptions();

    @Parameters(index = "0", paramLabel = "FILE.gguf", description = "The GGUF file, or hf:OWNER/REPO[:FILE].")
    private @Nullable ModelFile file;

    @Parameters(
            index = "1",
            paramLabel = "TENSOR",
            description = "The tensor's name, as '${ROOT-COMMAND-NAME} inspect' shows it.")
    private String name = "";

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "OUT.npy",
            description = "The file to write; an existing one is replaced. - is standard output.")
    private @Nullable Path output;

    DequantizeCommand() {}

    @Override
    public Integer call() throws IOException {
        OutputFile to = OutputFile.orStandardOutput(Objects.requireNonNull(output));
        try (GgufFile source = gguf.open(Objects.requireNonNull(file))) {
            source.requireWhole();
            GgufTensor tensor = source.findTensor(name)
                    .orElseThrow(() -> new UserError(source.name() + ": there is no tensor '" + name + "' among "
                            + source.tensors().size() + "; '" + Launcher.name() + " inspect' shows their names"));
            for (GgufFile.Part part : source.parts()) {
                to.requireOtherThan(Path.of(part.name()));
            }
            to.requireWritable();
            NpyFile.write(TensorRows.of(tensor), to);
            Objects.requireNonNull(root)
                    .say("wrote " + to + ": " + tensor.rows() + "x" + tensor.cols() + " f32 of " + tensor.name() + ", "
                            + tensor.typeLabel());
        }
        return ExitCode.OK;
    }
}
