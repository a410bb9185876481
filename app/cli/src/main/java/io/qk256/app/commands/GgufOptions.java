package io.qk256.app.commands;

import io.qk256.gguf.GgufFile;
import io.qk256.gguf.layout.I2sLayout;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.spi.support.FileProblem;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that read a GGUF file. */
final class GgufOptions {

    @Option(
            names = "--i2s-layout",
            paramLabel = "LAYOUT",
            description = {
                "How I2_S tensors are packed, which files do not record: x86 (default; the published models), arm (packed on"
                        + " an ARM machine), rows4 (packed on x86 without ACT_PARALLEL)."
            })
    private @Nullable I2sLayout i2sLayout;

    GgufOptions() {}

    /** The layout of I2_S tensors, as given by the user. */
    I2sLayout i2sLayout() {
        return i2sLayout == null ? I2sLayout.X86 : i2sLayout;
    }

    /**
     * Refuses the option if no file is read.
     *
     * @throws UserError if the option was given
     */
    void requireNone() {
        if (i2sLayout != null) {
            throw new UserError("--i2s-layout applies to a file, but no file is named");
        }
    }

    /**
     * Opens a file named by the user.
     *
     * @throws UserError if there is no such file
     */
    GgufFile open(ModelFile file) throws IOException {
        Path path = requireFile(file);
        return WeightFile.open(path, i2sLayout());
    }

    /**
     * Returns the path of the file that the user named, and checks that it is a file.
     *
     * @throws UserError if there is none
     */
    static Path requireFile(ModelFile file) throws IOException {
        Path path = file.path();
        FileProblem.absence(path).ifPresent(why -> {
            throw new UserError(path + ": " + why + ", expected a GGUF file");
        });
        return path;
    }
}
