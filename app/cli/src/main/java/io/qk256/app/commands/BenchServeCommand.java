package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.Numbers;
import io.qk256.app.bench.ServingBench;
import io.qk256.app.bench.ServingResult;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.serving.SchedulerOptions;
import io.qk256.server.ModelServer;
import io.qk256.server.ServerOptions;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures how fast a server answers. */
@Command(
        name = "bench-serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Serve a model on a free port of this machine and measure, as its clients, how fast it answers: one client"
                    + " beside decoding without a server, several at once, the first token beside clients that get answers, and"
                    + " the first token of a long prompt whose beginning the server knows.",
            "Default: the embedded model. It fits in caches; a file of 'bench-model --shape 2b --write FILE.gguf' does not."
        })
final class BenchServeCommand implements Callable<Integer> {

    private static final int MOST_CLIENTS = 256;
    private static final int LEAST_TOKENS = 2;
    private static final int USUAL_PREFIX = 1000;

    @ParentCommand
    private @Nullable Qk256Command root;

    @Option(
            names = "--clients",
            paramLabel = "N",
            description = "Let N clients ask at once. Default: ${DEFAULT-VALUE}.")
    private int clients = 8;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens of an answer. Default: ${DEFAULT-VALUE}.")
    private int tokens = 64;

    @Option(
            names = "--prefix",
            paramLabel = "N",
            description = "Tokens of the long prompt. Default: 1000, or half of the model's context.")
    private @Nullable Integer prefix;

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    @Mixin
    private final ModelOptions options = new ModelOptions();

    BenchServeCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        options.requireUsage();
        Limits.require("--clients", clients, 1, MOST_CLIENTS);
        Limits.require("--tokens", tokens, LEAST_TOKENS, Integer.MAX_VALUE);
        if (prefix != null) {
            Limits.require("--prefix", prefix, 1, Integer.MAX_VALUE);
        }
        int code = command.exitCode(true);
        if (code != ExitCode.OK) {
            return code;
        }
        Machine machine = command.machine();
        Kernel kernel = machine.selection().kernel();
        int threads = options.threads(machine);
        try (LanguageModel model = options.load(command.terminal())) {
            int longPrompt = prefix != null
                    ? prefix
                    : Math.min(USUAL_PREFIX, model.config().contextLength() / 2);
            int context = context(model, longPrompt);
            SchedulerOptions how = SchedulerOptions.withThreads(threads)
                    .withParallel(clients)
                    .withQueue(clients)
                    .withContext(context)
                    .withDrain(Duration.ZERO);
            EngineOptions size = new EngineOptions(threads, context, EngineOptions.DEFAULT_BATCH, CacheType.F16);
            ServerOptions anyPort = ServerOptions.usual().withPort(0);
            try (Scheduler scheduler = Scheduler.start(model, kernel, how);
                    Engine engine = model.engine(kernel, size);
                    ModelServer server = ModelServer.start(anyPort, command::tell);
                    ServingBench bench = new ServingBench(server.address(), model.tokenizer(), clients, tokens)) {
                server.serve(ServeCommand.served(
                        options.shortName(),
                        model,
                        model.template(),
                        scheduler,
                        model.config().pooling(),
                        Duration.ZERO,
                        machine));
                ServingResult result =
                        bench.measure(plain(model, engine), longPrompt, ProgressLine.on(command.terminal()));
                print(result, machine, threads, model);
            }
        }
        return ExitCode.OK;
    }

    private int context(LanguageModel model, int longPrompt) {
        long needed = ServingBench.context(longPrompt, tokens);
        int most = model.config().contextLength();
        if (needed > most) {
            throw new UserError(
                    "a prompt of " + longPrompt + " tokens and an answer of " + tokens + " need a context of " + needed
                            + ", but the model has " + most + "; use smaller numbers for --prefix and --tokens");
        }
        return (int) needed;
    }

    private DoubleSupplier plain(LanguageModel model, Engine engine) {
        GenerationOptions how = GenerationOptions.usual().withMaxTokens(tokens);
        return () -> model.generate(engine, "Once upon a time", how, piece -> {})
                .speed()
                .decodeRate();
    }

    private void print(ServingResult result, Machine machine, int threads, LanguageModel model) {
        Qk256Command command = Objects.requireNonNull(root);
        String kernel = KernelReport.selected(machine.selection());
        if (json) {
            Json.print(json(result, machine, kernel, threads, model), command.out());
            return;
        }
        command.out()
                .println(PrintableText.line(options.describe() + " on " + KernelReport.describe(machine.cpu())
                        + ", kernel " + kernel + ", " + Plural.of(threads, "thread") + ", head "
                        + model.weights().head()));
        Table table = new Table("measured", "", "compared");
        table.add("decoding without a server", Numbers.of(result.plainRate()) + " t/s", "");
        table.add("one client", Numbers.of(result.oneRate()) + " t/s", times(result.oneRate() / result.plainRate()));
        if (clients > 1) {
            table.add(
                    clients + " clients at once",
                    Numbers.of(result.togetherRate()) + " t/s",
                    times(result.togetherRate() / result.plainRate()));
        }
        table.add("first token, prompt of " + result.promptTokens(), Numbers.time(result.firstAlone()), "");
        if (clients > 1) {
            table.add(
                    "the same beside " + (clients - 1) + " that get answers",
                    Numbers.time(result.firstBeside()),
                    times(result.firstBeside() / result.firstAlone()));
        }
        table.add("first token, prompt of " + result.prefixTokens(), Numbers.time(result.firstOfNew()), "");
        table.add(
                "the same if only its last word is new",
                Numbers.time(result.firstOfKnown()),
                Numbers.of(result.firstOfNew() / result.firstOfKnown()) + " x sooner");
        command.out().print(table);
        command.out().flush();
    }

    private static String times(double factor) {
        return Numbers.of(factor) + " x";
    }

    private JsonObject json(ServingResult result, Machine machine, String kernel, int threads, LanguageModel model) {
        JsonObject object = new JsonObject();
        object.addProperty("model", options.describe());
        object.addProperty("cpu", KernelReport.describe(machine.cpu()));
        object.addProperty("jvm", Runtime.version().toString());
        object.addProperty("kernel", Json.bounded(kernel));
        object.addProperty("threads", threads);
        object.addProperty("head", model.weights().head());
        object.addProperty("answerTokens", tokens);
        object.addProperty("tokensPerSecondWithoutServer", result.plainRate());
        object.addProperty("tokensPerSecondOfOneClient", result.oneRate());
        object.addProperty("clients", result.clients());
        object.addProperty("tokensPerSecondOfAllClients", result.togetherRate());
        object.addProperty("promptTokens", result.promptTokens());
        object.addProperty("firstTokenMilliseconds", result.firstAlone() / 1e6);
        object.addProperty("firstTokenBesideOthersMilliseconds", result.firstBeside() / 1e6);
        object.addProperty("longPromptTokens", result.prefixTokens());
        object.addProperty("firstTokenOfLongPromptMilliseconds", result.firstOfNew() / 1e6);
        object.addProperty("firstTokenOfKnownPromptMilliseconds", result.firstOfKnown() / 1e6);
        return object;
    }
}
