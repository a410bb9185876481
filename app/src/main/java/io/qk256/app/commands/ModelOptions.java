package io.qk256.app.commands;

import io.qk256.app.check.DemoModel;
import io.qk256.app.files.GgufException;
import io.qk256.app.files.GgufFile;
import io.qk256.app.files.Repack.Progress;
import io.qk256.app.files.RepackCache;
import io.qk256.app.model.BitNetModel;
import io.qk256.app.model.LoadListener;
import io.qk256.app.text.Tokenizer;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that run a model. */
final class ModelOptions {

    private static final String BESIDE_THE_MODEL = "";

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE.gguf",
            description = "A BitNet b1.58 model. Default: the embedded one, which tells fairy tales.")
    private @Nullable Path model;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute. Default: one for each physical core.")
    private @Nullable Integer threads;

    @Option(
            names = "--head",
            paramLabel = "TYPE",
            description =
                    "Weights of the last product: stored (as the file has them; f16 is the same) or q8 (8 bits: fewer"
                            + " bytes to read for each token). Default: ${DEFAULT-VALUE}.")
    private Head head = Head.Q8;

    @Option(
            names = "--cache",
            arity = "0..1",
            fallbackValue = BESIDE_THE_MODEL,
            paramLabel = "DIRECTORY",
            description = "Keep the repacked model there, or beside the model, so that the next start is faster.")
    private @Nullable String cache;

    @Mixin
    private final GgufOptions gguf = new GgufOptions();

    ModelOptions() {}

    /**
     * A model that is ready to run.
     *
     * @param file stays open as long as the model is used
     * @param tokenizer of the file
     * @param model its weights
     */
    record Loaded(GgufFile file, Tokenizer tokenizer, BitNetModel model) implements AutoCloseable {

        @Override
        public void close() {
            model.close();
            file.close();
        }
    }

    /** Whether the user named no model. */
    boolean isEmbedded() {
        return model == null;
    }

    /** Refuses to write the file that the model is read from. */
    void requireOther(OutputFile output) throws IOException {
        if (model != null) {
            output.requireOtherThan(model);
        }
    }

    /** The model, for people. */
    String describe() {
        return model == null ? "the embedded model" : model.toString();
    }

    /** How many threads compute. */
    int threads(Machine machine) {
        if (threads != null) {
            if (threads < 1) {
                throw new UserError("--threads: " + threads + ", expected 1 or more");
            }
            return threads;
        }
        int available = Runtime.getRuntime().availableProcessors();
        int physical = machine.cpu().physicalCores();
        return physical == 0 ? available : Math.min(physical, available);
    }

    /** How the weights of the last product are kept. */
    Head head() {
        return head;
    }

    /**
     * Opens and loads the model, with all processors.
     *
     * @param terminal shows how far it is
     */
    Loaded load(Terminal terminal) throws IOException {
        return load(head, terminal);
    }

    /** As {@link #load(Terminal)}, with another head than the user's. */
    Loaded load(Head otherHead, Terminal terminal) throws IOException {
        Progress progress = ProgressLine.of("loading", terminal);
        GgufFile file = open(progress, terminal);
        try {
            Background<Tokenizer> reading = Background.start("qk256-tokenizer", () -> Tokenizer.of(file));
            BitNetModel loaded = BitNetModel.load(file, otherHead.type(), listener(progress, terminal));
            Tokenizer tokenizer = tokenizer(reading, loaded);
            if (tokenizer.vocabularySize() != loaded.config().vocabulary()) {
                loaded.close();
                throw new GgufException(file.name() + ": the tokenizer has " + tokenizer.vocabularySize()
                        + " tokens, expected " + loaded.config().vocabulary()
                        + ", a row of the embedding for each; the file is damaged");
            }
            return new Loaded(file, tokenizer, loaded);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static LoadListener listener(Progress progress, Terminal terminal) {
        return new LoadListener() {
            @Override
            public void loaded(long done, long total) {
                progress.at(done, total);
            }

            @Override
            public void warned(String message) {
                terminal.tell(message);
            }
        };
    }

    private static Tokenizer tokenizer(Background<Tokenizer> reading, BitNetModel loaded) throws IOException {
        try {
            return reading.get();
        } catch (IOException | RuntimeException e) {
            loaded.close();
            throw e;
        }
    }

    private GgufFile open(Progress progress, Terminal terminal) throws IOException {
        if (model == null) {
            return DemoModel.file();
        }
        if (cache == null) {
            return gguf.open(model);
        }
        GgufOptions.requireFile(model);
        Optional<Path> directory = cache.equals(BESIDE_THE_MODEL)
                ? Optional.empty()
                : Optional.of(FileNames.path("--cache " + cache, cache));
        int processors = Runtime.getRuntime().availableProcessors();
        return RepackCache.open(model, gguf.i2sLayout(), directory, processors, progress, terminal::tell);
    }
}
