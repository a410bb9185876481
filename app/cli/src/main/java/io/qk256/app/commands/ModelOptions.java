package io.qk256.app.commands;

import io.qk256.app.check.DemoModel;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.Progress;
import io.qk256.gguf.convert.RepackCache;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.LoadOptions;
import io.qk256.llm.model.HeadType;
import io.qk256.llm.model.LoadListener;
import io.qk256.llm.model.Model;
import io.qk256.spi.parallel.ParallelKernel;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that run a model. */
final class ModelOptions {

    private static final String BESIDE_THE_MODEL = "";
    private static final String GGUF = ".gguf";

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE.gguf",
            description =
                    "A model with 2-bit weights: a file, or hf:OWNER/REPO[:FILE] for one of the Hugging Face hub that"
                            + " '${ROOT-COMMAND-NAME} pull' or another program has downloaded. Default: the embedded one, which tells"
                            + " fairy tales.")
    private @Nullable ModelFile model;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Number of compute threads. Default: one per physical core.")
    private @Nullable Integer threads;

    @Option(
            names = "--head",
            paramLabel = "TYPE",
            description =
                    "Weights of the output head: stored (as in the file; f16 means the same), q8 (8 bits: fewer bytes to read"
                            + " per token), or screened (q8 with a copy in 4 bits that rules out most tokens: faster with"
                            + " --temp 0 or --top-k, the same text, half as much memory again and a slower start). Default:"
                            + " q8.")
    private @Nullable Head head;

    @Option(
            names = "--cache",
            arity = "0..1",
            fallbackValue = BESIDE_THE_MODEL,
            paramLabel = "DIRECTORY",
            description =
                    "Cache the repacked model in this directory, or beside the model if none is given, so that the next start"
                            + " is faster.")
    private @Nullable String cache;

    @Option(
            names = "--mapped",
            description =
                    "Use all weights where they are in the mapped file, the head as stored, so that processes share one copy"
                            + " in memory. For files converted to qk256, which nobody may shorten or overwrite meanwhile.")
    private boolean mapped;

    @Option(
            names = "--nfc",
            description =
                    "Bring texts to Unicode's normal form C first, as Hugging Face does for models of the Qwen family"
                            + " and llama.cpp does not.")
    private boolean nfc;

    @Mixin
    private final GgufOptions gguf = new GgufOptions();

    ModelOptions() {}

    /**
     * A loaded model, which may have no vocabulary.
     *
     * @param file stays open as long as the model is used
     * @param model its weights
     */
    record Loaded(GgufFile file, Model model) implements AutoCloseable {

        @Override
        public void close() {
            model.close();
            file.close();
        }
    }

    /** Whether the embedded model is used, because the user named none. */
    boolean isEmbedded() {
        return model == null;
    }

    /** Refuses an output file that is the file of the model, or one of its parts. */
    void requireOther(OutputFile output) throws IOException {
        if (model != null) {
            for (Path part : GgufFile.files(model.path())) {
                output.requireOtherThan(part);
            }
        }
    }

    /** Describes the model, for people. */
    String describe() {
        return model == null ? "the embedded model" : model.toString();
    }

    /** A name for programs: the file's without its ending. */
    String shortName() {
        if (model == null) {
            return "demo";
        }
        String given = model.toString();
        String last = given.substring(Math.max(given.lastIndexOf('/'), given.lastIndexOf(File.separatorChar)) + 1);
        return last.endsWith(GGUF) ? last.substring(0, last.length() - GGUF.length()) : last;
    }

    /** The number of compute threads. */
    int threads(Machine machine) {
        if (threads != null) {
            return threads;
        }
        int available = Math.min(Runtime.getRuntime().availableProcessors(), ParallelKernel.MAX_THREADS);
        int physical = machine.cpu().physicalCores();
        return physical == 0 ? available : Math.min(physical, available);
    }

    /** How the weights of the output head are stored. */
    Head head() {
        if (head != null) {
            return head;
        }
        return mapped ? Head.STORED : Head.Q8;
    }

    /** Whether all weights must stay in the mapped file. */
    boolean isMapped() {
        return mapped;
    }

    /** Whether the user gave the options of which a command has its own form. */
    boolean isHeadGiven() {
        return head != null;
    }

    /** Whether texts are brought to normal form C. */
    boolean isNfc() {
        return nfc;
    }

    boolean isThreadsGiven() {
        return threads != null;
    }

    /**
     * Checks what can be checked before a model is loaded.
     *
     * @throws UserError if a value is out of range, or an option would have no effect
     */
    void requireUsage() {
        if (threads != null) {
            Limits.requireThreads("--threads", threads);
        }
        if (mapped && head != null && head.type() != HeadType.STORED) {
            throw new UserError("--mapped uses the head as the file has it, but --head "
                    + head.name().toLowerCase(Locale.ROOT)
                    + " makes a copy of it in memory; leave out one of the two");
        }
        if (model == null) {
            if (mapped) {
                throw new UserError("--mapped uses the weights of a file, but no file is named; add -m FILE.gguf");
            }
            gguf.requireNone();
            if (cache != null) {
                throw new UserError(
                        "--cache keeps the repacked model of a file, but no file is named; add -m FILE.gguf");
            }
        }
    }

    /**
     * Opens and loads the model and its vocabulary, using all processors.
     *
     * @param terminal shows the progress
     */
    LanguageModel load(Terminal terminal) throws IOException {
        return load(head(), terminal);
    }

    /** As above, with the given head instead of the user's. */
    LanguageModel load(Head otherHead, Terminal terminal) throws IOException {
        Progress progress = ProgressLine.on(terminal);
        LoadOptions how = new LoadOptions(otherHead.type(), listener(progress, terminal), nfc, mapped);
        return LanguageModel.of(open(progress, terminal), how);
    }

    private static LoadListener listener(Progress progress, Terminal terminal) {
        return new LoadListener() {
            @Override
            public void at(String what, long done, long total) {
                progress.at(what, done, total);
            }

            @Override
            public void warned(String message) {
                terminal.tell(message);
            }
        };
    }

    /** Opens and loads only the model, which may have no vocabulary, with the given head instead of the user's. */
    Loaded loadModel(Head otherHead, Terminal terminal) throws IOException {
        Progress progress = ProgressLine.on(terminal);
        GgufFile file = open(progress, terminal);
        try {
            LoadListener listener = listener(progress, terminal);
            Model loaded = mapped ? Model.loadMapped(file, listener) : Model.load(file, otherHead.type(), listener);
            return new Loaded(file, loaded);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
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
        Path path = GgufOptions.requireFile(model);
        Optional<Path> directory = cache.equals(BESIDE_THE_MODEL)
                ? Optional.empty()
                : Optional.of(FileNames.path("--cache " + cache, cache));
        int processors = Runtime.getRuntime().availableProcessors();
        return RepackCache.open(path, gguf.i2sLayout(), directory, processors, progress, terminal::tell);
    }
}
