package io.qk256.app.commands;

import io.qk256.app.bench.Baselines;
import io.qk256.spi.support.OutputFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that control what happens to the results. */
final class BenchResultOptions {

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "Output format: table (default), md, csv or json.")
    BenchReport.Format format = BenchReport.Format.TABLE;

    @Option(names = "--save", paramLabel = "NAME", description = "Save the results under this name.")
    @Nullable
    String save;

    @Option(
            names = "--compare",
            paramLabel = "NAME",
            description = "Show the change from the results saved under this name; exit code 4 on a regression.")
    @Nullable
    String compare;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Directory of saved results (default: ${DEFAULT-VALUE}).",
            defaultValue = ".qk256/bench")
    Path directory = Path.of(".qk256", "bench");

    @Option(names = "--plot", paramLabel = "FILE.svg", description = "Draw a chart of the speeds and the floors.")
    @Nullable
    Path plot;

    BenchResultOptions() {}

    Baselines baselines() {
        return new Baselines(directory);
    }

    /** All files to write. */
    List<OutputFile> outputs() {
        List<OutputFile> files = new ArrayList<>();
        if (save != null) {
            files.add(baselines().file(save));
        }
        if (plot != null) {
            files.add(OutputFile.of(plot));
        }
        return files;
    }
}
