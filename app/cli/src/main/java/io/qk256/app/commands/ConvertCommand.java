package io.qk256.app.commands;

import io.qk256.app.checkpoint.CheckpointConversion;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.Progress;
import io.qk256.gguf.convert.Conversion;
import io.qk256.gguf.convert.Conversion.Report;
import io.qk256.gguf.convert.Conversion.Target;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Writes a model with its 2-bit tensors in another type. */
@Command(
        name = "convert",
        mixinStandardHelpOptions = true,
        description = {
            "Write a GGUF file with its 2-bit tensors in another type: tq1_0, tq2_0, q2_0 (ggml), pq2_0, ptq1_0 (PrismML),"
                    + " i2_s (bitnet.cpp), or qk256 (what kernels use, so that loading repacks nothing).",
            "Weights keep exactly the same values, or the file is refused with the reason.",
            "A directory with config.json, tokenizer.json and safetensors files, as Hugging Face has them, becomes a GGUF"
                    + " file, too: BitNet b1.58 2B-4T, packed or with bf16 weights, which are then rounded to -1, 0 and 1."
        })
final class ConvertCommand implements Callable<Integer> {

    @ParentCommand
    private @Nullable Qk256Command root;

    @Mixin
    private final GgufOptions gguf = new GgufOptions();

    @Parameters(
            paramLabel = "FILE.gguf",
            description =
                    "A file with tensors of a 2-bit type, hf:OWNER/REPO[:FILE], or the directory of a checkpoint.")
    private @Nullable ModelFile file;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "OUT.gguf",
            description = "The file to write; an existing one is replaced. - is standard output.")
    private @Nullable Path output;

    @Option(names = "--type", required = true, paramLabel = "TYPE", description = "${COMPLETION-CANDIDATES}.")
    private @Nullable Target type;

    @Option(
            names = "--round-scales",
            description =
                    "Allow scales to be rounded to f16 where the type has such scales, by at most 1/2048 of their value."
                            + " Weights are then no longer the same.")
    private boolean roundScales;

    @Option(names = "--threads", paramLabel = "N", description = "Number of threads that repack. Default: one per CPU.")
    private @Nullable Integer threads;

    ConvertCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        OutputFile to = OutputFile.orStandardOutput(Objects.requireNonNull(output));
        int crew = threads == null
                ? Runtime.getRuntime().availableProcessors()
                : Limits.requireThreads("--threads", threads);
        if (roundScales && !Objects.requireNonNull(type).hasHalfScales()) {
            throw new UserError(
                    "--round-scales is for types with f16 scales, which i2_s and qk256 are not; leave it out");
        }
        Report report = convert(command, to, crew);
        command.say("wrote " + to + ": " + Plural.of(report.converted(), "tensor") + " converted, " + report.copied()
                + " copied");
        if (report.scaleError() > 0) {
            command.tell(String.format(
                    Locale.ROOT,
                    "scales were rounded to f16, by at most %.2g of their value: weights are not the same",
                    report.scaleError()));
        }
        return ExitCode.OK;
    }

    private Report convert(Qk256Command command, OutputFile to, int crew) throws IOException {
        Progress progress = ProgressLine.on(command.terminal());
        Target target = Objects.requireNonNull(type);
        ModelFile from = Objects.requireNonNull(file);
        if (Files.isDirectory(from.path())) {
            gguf.requireNone();
            return CheckpointConversion.convert(from.path(), to, target, roundScales, progress);
        }
        try (GgufFile source = gguf.open(from)) {
            return Conversion.convert(source, to, target, roundScales, crew, progress);
        }
    }
}
