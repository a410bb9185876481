package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.Numbers;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.Perplexity;
import io.qk256.llm.generation.Perplexity.Result;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures how well a model predicts a text. */
@Command(
        name = "perplexity",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measure how well a model predicts a text: the exponential of the mean of -ln p over its tokens, with its 95 %%"
                    + " confidence interval.",
            "The text is split at lines that hold only the model's end-of-text token, such as <|end_of_text|>, and then"
                    + " into windows; each window is predicted from its own tokens alone."
        })
final class PerplexityCommand implements Callable<Integer> {

    private static final int USUAL_WINDOW = 512;
    private static final double NANOS = 1e9;

    @ParentCommand
    private @Nullable Qk256Command root;

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "TEXT",
            description = "The text, in UTF-8; - is standard input.")
    private @Nullable Path text;

    @Option(
            names = "--window",
            paramLabel = "N",
            description = "Tokens per window. Default: 512, or the model's context if that is less.")
    private @Nullable Integer window;

    @Option(names = "--windows", paramLabel = "N", description = "Measure only the first N windows. Default: all.")
    private @Nullable Integer windows;

    @Option(names = "--json", description = "Print one JSON object instead of a line.")
    private boolean json;

    @Mixin
    private final ModelOptions options = new ModelOptions();

    PerplexityCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        options.requireUsage();
        int most = windows == null ? Integer.MAX_VALUE : Limits.require("--windows", windows, 1, Integer.MAX_VALUE);
        String toPredict = TextStreams.read(Objects.requireNonNull(text), command.terminal());
        command.wantOneKernel();
        int code = command.exitCode(true);
        if (code != ExitCode.OK) {
            return code;
        }
        int threads = options.threads(command.machine());
        Kernel kernel = command.machine().selection().kernel();
        try (LanguageModel loaded = options.load(command.terminal())) {
            Tokenizer tokenizer = loaded.tokenizer();
            int length = windowLength(loaded.config().contextLength());
            List<int[]> cut = Perplexity.windows(tokenizer, toPredict, length);
            List<int[]> wanted = cut.subList(0, Math.min(cut.size(), most));
            EngineOptions size = new EngineOptions(threads, length, EngineOptions.DEFAULT_BATCH, CacheType.F16);
            long start = System.nanoTime();
            try (Engine engine = loaded.engine(kernel, size);
                    Sequence sequence = engine.sequence()) {
                int begin = tokenizer.beginOfText().orElse(tokenizer.endOfText());
                Result result = Perplexity.measure(sequence, begin, wanted, progress(command.terminal()));
                print(result, loaded.weights().head(), (System.nanoTime() - start) / NANOS);
            }
        }
        return ExitCode.OK;
    }

    private int windowLength(int context) {
        if (window == null) {
            return Math.min(USUAL_WINDOW, context);
        }
        if (window < 1 || window > context) {
            throw new UserError("--window: " + window + ", expected 1 to " + context + ", the model's context");
        }
        return window;
    }

    private static Perplexity.Listener progress(Terminal terminal) {
        return (done, total, soFar) -> terminal.progress(
                done < total ? "window " + done + "/" + total + ", perplexity " + Numbers.of(soFar.perplexity()) : "");
    }

    private void print(Result result, String head, double seconds) {
        PrintWriter out = Objects.requireNonNull(root).out();
        if (json) {
            JsonObject object = new JsonObject();
            object.addProperty("perplexity", result.perplexity());
            object.addProperty("low", result.low());
            object.addProperty("high", result.high());
            object.addProperty("natsPerToken", result.natsPerToken());
            object.addProperty("standardError", result.standardError());
            object.addProperty("tokens", result.tokens());
            object.addProperty("windows", result.windows());
            object.addProperty("head", head);
            object.addProperty("seconds", seconds);
            Json.print(object, out);
            return;
        }
        String interval = result.windows() < 2
                ? "no interval: one window"
                : String.format(Locale.ROOT, "95 %%: %.3f to %.3f", result.low(), result.high());
        out.printf(
                Locale.ROOT,
                "perplexity %.4f (%s), %.5f nats per token; %s in %s, head %s, %.1f s%n",
                result.perplexity(),
                interval,
                result.natsPerToken(),
                Plural.of(result.tokens(), "token"),
                Plural.of(result.windows(), "window"),
                head,
                seconds);
        out.flush();
    }
}
