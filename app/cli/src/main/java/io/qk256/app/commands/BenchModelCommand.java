package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.app.bench.ModelAccount;
import io.qk256.app.bench.ModelBench;
import io.qk256.app.bench.ModelChart;
import io.qk256.app.bench.ModelRow;
import io.qk256.app.bench.Numbers;
import io.qk256.app.bench.PromptRow;
import io.qk256.app.bench.ScreenedRow;
import io.qk256.app.bench.SkippingRow;
import io.qk256.llm.model.GateFunction;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.ModelConfig;
import io.qk256.llm.model.ModelShape;
import io.qk256.llm.model.SyntheticFile;
import io.qk256.llm.model.SyntheticModel;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.PrintableText;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures how fast a model runs. */
@Command(
        name = "bench-model",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measure how fast a model processes a prompt of 64 tokens and decodes, and how fast the same number of threads"
                    + " reads the same number of bytes from memory, all in one run.",
            "Default: the embedded model with every usable kernel. It fits in caches; --shape 2b shows what memory allows."
        })
final class BenchModelCommand implements Callable<Integer> {

    private static final String ALL = "all";
    private static final long SEED = 1;
    private static final double PERCENT = 100;
    private static final int MAX_SEQUENCES = 256;

    @ParentCommand
    private @Nullable Qk256Command root;

    @Option(
            names = "--shape",
            paramLabel = "SHAPE",
            description =
                    "Measure a model of random weights, created in memory, in the shape of a published one: 2b (BitNet"
                            + " b1.58 2B4T, 1.2 GB, plus 0.4 GB with head q8), bonsai-1.7b, bonsai-4b, bonsai-8b, llama3-8b,"
                            + " falcon3-1b, embed-0.6b.")
    private @Nullable String shape;

    @Option(
            names = "--write",
            paramLabel = "FILE.gguf",
            description =
                    "Write the model of --shape to a file and measure nothing, to try loading, run or serve at full"
                            + " size. Its text is meaningless.")
    private @Nullable Path write;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            split = ",",
            description = "Measure these kernels, or 'all'. Default: all for the embedded model, else the selected one;"
                    + " --kernel NAME measures one.")
    private @Nullable List<String> kernels;

    @Option(
            names = "--thread-counts",
            paramLabel = "N",
            split = ",",
            description = "Numbers of threads to measure with. Default: 1, and one per physical core.")
    private @Nullable List<Integer> threadCounts;

    @Option(
            names = "--heads",
            paramLabel = "TYPE",
            split = ",",
            description =
                    "Weights of the output head: f16, q8, screened, or several of them. Default: the value of --head."
                            + " With screened, also measure decoding where the 40 and the 256 most likely tokens are wanted, the"
                            + " last of which rules out few tokens of random weights.")
    private @Nullable List<Head> heads;

    @Option(
            names = "--sequences",
            paramLabel = "N",
            description = "Also measure N sequences that decode at once, as in a server: the tokens per second of all"
                    + " together, and how many times those of one that is.")
    private int sequences = 1;

    @Option(
            names = "--prompts",
            paramLabel = "N",
            split = ",",
            description = "Also measure prompts of N tokens: the speed, and how many multiply-adds per second attention"
                    + " computes, beside the most that the processor can.")
    private @Nullable List<Integer> prompts;

    @Option(
            names = "--lookup",
            paramLabel = "RIGHT",
            description =
                    "Also measure decoding with guesses of the next tokens, as run --lookup does, of which this part is"
                            + " right at random: 0 to 1.")
    private @Nullable Double lookup;

    @Option(
            names = "--density",
            paramLabel = "GATES,INPUTS",
            split = ",",
            description =
                    "With --shape of a model with squared ReLU (2b): make this part of the gates positive, and this part of the"
                            + " inputs of the down projections not 0, as in 0.31,0.15, and also measure decoding that skips what meets"
                            + " a 0: nothing, rows, rows and columns.")
    private @Nullable List<Double> density;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description =
                    "Measure each speed for S seconds, reading and decoding in five turns, after a warm-up of the same length."
                            + " Default: ${DEFAULT-VALUE}.")
    private double seconds = 0.5;

    @Option(
            names = "--account",
            description =
                    "Also measure where the time of a decoded token goes, of the --sequences and of the --prompts: products, output head, attention, norms and"
                            + " other work on single tokens, waiting for threads, the rest; in milliseconds.")
    private boolean account;

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    @Option(names = "--plot", paramLabel = "FILE.svg", description = "Also draw a chart of the results.")
    private @Nullable Path plot;

    private final List<ModelAccount> accounts = new ArrayList<>();
    private final List<PromptRow> promptRows = new ArrayList<>();
    private int vocabulary;
    private final List<ScreenedRow> screenedRows = new ArrayList<>();
    private final List<SkippingRow> skippingRows = new ArrayList<>();
    private final List<Double> shortPromptRates = new ArrayList<>();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    BenchModelCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        requireUsage();
        if (write != null) {
            return write(OutputFile.of(write));
        }
        Optional<OutputFile> chart = Optional.ofNullable(plot).map(OutputFile::of);
        if (chart.isPresent()) {
            options.requireOther(chart.get());
            chart.get().requireWritable();
        }
        int code = command.exitCode(true);
        if (code != ExitCode.OK) {
            return code;
        }
        List<Candidate> measured = measured(command.machine().selection());
        List<Integer> counts = threadCounts(command.machine());
        List<ModelRow> rows = new ArrayList<>();
        for (Head head : heads == null ? List.of(options.head()) : heads) {
            measure(head, measured, counts, rows);
        }
        if (json) {
            printJson(rows);
        } else {
            printTable(rows);
        }
        if (chart.isPresent()) {
            chart.get()
                    .write(ModelChart.svg(
                            what() + " on " + command.machine().cpu().name(), rows));
        }
        return ExitCode.OK;
    }

    private int write(OutputFile file) throws IOException {
        Terminal terminal = Objects.requireNonNull(root).terminal();
        ModelShape wanted = ModelShape.find(Objects.requireNonNull(shape)).orElseThrow();
        SyntheticFile.write(wanted.config(), SEED, file, ProgressLine.on(terminal));
        terminal.say("wrote " + file + ": random weights in the shape of " + wanted.title());
        return ExitCode.OK;
    }

    private void requireUsage() {
        if (shape != null && ModelShape.find(shape).isEmpty()) {
            throw new UserError("--shape: '" + shape + "', expected one of " + String.join(", ", ModelShape.labels()));
        }
        if (write != null && shape == null) {
            throw new UserError("--write needs --shape, which says what to write; add --shape, one of "
                    + String.join(", ", ModelShape.labels()));
        }
        if (write != null && (json || plot != null)) {
            throw new UserError("--write measures nothing, so there is nothing for --json or --plot; leave them out");
        }
        if (shape != null && !options.isEmbedded()) {
            throw new UserError("--shape creates a model, but -m names one; use only one of them");
        }
        if (!(seconds > 0) || seconds > 3600) {
            throw new UserError("--seconds: " + seconds + ", expected more than 0, up to 3600");
        }
        if (sequences < 1 || sequences > MAX_SEQUENCES) {
            throw new UserError("--sequences: " + sequences + ", expected 1 to " + MAX_SEQUENCES);
        }
        if (lookup != null && !(lookup >= 0 && lookup <= 1)) {
            throw new UserError("--lookup: " + lookup + ", expected 0 to 1");
        }
        requireDensity();
        options.requireUsage();
        if (options.isNfc()) {
            throw new UserError("--nfc is about texts, but bench-model reads none; leave it out");
        }
        requireOne(threadCounts != null, "--thread-counts", options.isThreadsGiven(), "--threads");
        requireOne(heads != null, "--heads", options.isHeadGiven(), "--head");
        requireOne(heads != null, "--heads", options.isMapped(), "--mapped");
        requireOne(
                kernels != null,
                "--kernels",
                Objects.requireNonNull(root).forced().isPresent(),
                "--kernel");
        if (threadCounts != null) {
            threadCounts.forEach(count -> Limits.requireThreads("--thread-counts", count));
        }
    }

    private void requireDensity() {
        if (density == null) {
            return;
        }
        if (shape == null || write != null) {
            throw new UserError("--density is about a model that --shape creates in memory; "
                    + (shape == null ? "add --shape 2b" : "leave out --write"));
        }
        if (density.size() != 2
                || !(density.get(0) > 0 && density.get(0) < 1 && density.get(1) >= 0)
                || density.get(1) > density.get(0)) {
            throw new UserError("--density: '"
                    + density.stream().map(String::valueOf).collect(Collectors.joining(","))
                    + "', expected the part of the gates that are positive, above 0 and below 1, and the part of the inputs"
                    + " that are not 0, at most as large; as in 0.31,0.15");
        }
        ModelConfig wanted = ModelShape.find(shape).orElseThrow().config();
        if (wanted.gate() != GateFunction.SQUARED_RELU) {
            throw new UserError("--density needs a model with squared ReLU, and " + shape + " has " + wanted.gate()
                    + "; use --shape 2b");
        }
    }

    private static void requireOne(boolean first, String name, boolean second, String other) {
        if (first && second) {
            throw new UserError(name + " and " + other + " set the same thing; use only one of them");
        }
    }

    private void measure(Head head, List<Candidate> measured, List<Integer> counts, List<ModelRow> rows)
            throws IOException {
        if (shape != null) {
            ModelConfig wanted = ModelShape.find(shape).orElseThrow().config();
            double gates = density == null ? 1 : density.get(0);
            double inputs = density == null ? 1 : density.get(1);
            try (Model model = SyntheticModel.of(wanted, head.type(), gates, inputs, SEED)) {
                measure(model, head, measured, counts, rows);
            }
            return;
        }
        try (ModelOptions.Loaded loaded =
                options.loadModel(head, Objects.requireNonNull(root).terminal())) {
            measure(loaded.model(), head, measured, counts, rows);
        }
    }

    private void measure(Model model, Head head, List<Candidate> measured, List<Integer> counts, List<ModelRow> rows) {
        vocabulary = model.config().vocabulary();
        if (prompts != null) {
            prompts.forEach(tokens ->
                    Limits.require("--prompts", tokens, 1, model.config().contextLength()));
        }
        ModelBench bench = new ModelBench(model, seconds);
        OptionalDouble right = lookup == null ? OptionalDouble.empty() : OptionalDouble.of(lookup);
        for (Candidate candidate : measured) {
            for (int count : counts) {
                ModelRow row =
                        bench.measure(candidate.name(), candidate.kernel().orElseThrow(), count, sequences, right);
                rows.add(row);
                if (account) {
                    for (int together : sequences == 1 ? List.of(1) : List.of(1, sequences)) {
                        accounts.add(bench.account(
                                candidate.name(), candidate.kernel().orElseThrow(), count, together));
                    }
                }
                if (density != null) {
                    skippingRows.add(
                            bench.skipping(candidate.name(), candidate.kernel().orElseThrow(), count));
                }
                for (int best : head == Head.SCREENED ? ScreenedReport.WANTED : List.<Integer>of()) {
                    screenedRows.add(
                            bench.screened(candidate.name(), candidate.kernel().orElseThrow(), count, best));
                }
                for (int tokens : prompts == null ? List.<Integer>of() : prompts) {
                    PromptRow prompt =
                            bench.prompt(candidate.name(), candidate.kernel().orElseThrow(), count, tokens);
                    promptRows.add(prompt);
                    shortPromptRates.add(row.promptRate());
                    if (account) {
                        accounts.add(prompt.account());
                    }
                }
                Objects.requireNonNull(root)
                        .say(row.kernel() + ", " + Plural.of(count, "thread") + ", head " + row.head() + ": "
                                + Numbers.of(row.decodeRate()) + " t/s");
            }
        }
    }

    private List<Candidate> measured(Selection selection) {
        boolean small = shape == null && options.isEmbedded();
        boolean forced = Objects.requireNonNull(root).forced().isPresent();
        if (kernels == null && (forced || !small)) {
            return List.of(selection.selected().orElseThrow());
        }
        return kernels == null || kernels.equals(List.of(ALL))
                ? Usable.all(selection)
                : Usable.named(kernels, selection);
    }

    private List<Integer> threadCounts(Machine machine) {
        return threadCounts != null
                ? threadCounts
                : IntStream.of(1, options.threads(machine)).distinct().boxed().toList();
    }

    private String what() {
        if (shape != null) {
            return "random weights in the shape of "
                    + ModelShape.find(shape).orElseThrow().title();
        }
        return options.describe();
    }

    private void printTable(List<ModelRow> rows) {
        List<String> titles = new ArrayList<>(
                List.of("kernel", "threads", "head", "prompt t/s", "decode t/s", "GB/s", "reading GB/s", "part"));
        if (sequences > 1) {
            titles.addAll(List.of(sequences + " at once t/s", "x one"));
        }
        if (lookup != null) {
            titles.addAll(List.of("guessing t/s", "x decode"));
        }
        Table table = new Table(titles.toArray(String[]::new));
        for (ModelRow row : rows) {
            List<String> cells = new ArrayList<>(List.of(
                    row.kernel(),
                    Integer.toString(row.threads()),
                    row.head(),
                    Numbers.of(row.promptRate()),
                    Numbers.of(row.decodeRate()),
                    Numbers.of(row.weightRate() / 1e9),
                    Numbers.of(row.reading().rate() / 1e9),
                    Math.round(PERCENT * row.partOfReading()) + " %"));
            if (sequences > 1) {
                cells.addAll(
                        List.of(Numbers.of(row.togetherRate()), Numbers.of(row.togetherRate() / row.decodeRate())));
            }
            if (lookup != null) {
                cells.addAll(List.of(Numbers.of(row.guessedRate()), Numbers.of(row.guessedRate() / row.decodeRate())));
            }
            table.add(cells.toArray(String[]::new));
        }
        Qk256Command command = Objects.requireNonNull(root);
        String title = what() + " on " + KernelReport.describe(command.machine().cpu());
        command.out().println(PrintableText.line(title));
        command.out().print(table);
        rows.stream()
                .map(row -> Plural.of(row.threads(), "thread") + " read with "
                        + row.reading().way())
                .distinct()
                .forEach(line -> command.out().println(line));
        if (!screenedRows.isEmpty()) {
            command.out().println();
            command.out().print(ScreenedReport.table(screenedRows, vocabulary));
        }
        if (!skippingRows.isEmpty()) {
            command.out().println();
            command.out().print(SkippingReport.table(skippingRows));
        }
        if (prompts != null) {
            command.out().println();
            command.out().print(PromptReport.table(promptRows, shortPromptRates));
        }
        if (account) {
            command.out().println();
            command.out().print(AccountReport.table(accounts));
        }
        command.out().flush();
    }

    private void printJson(List<ModelRow> rows) {
        Qk256Command command = Objects.requireNonNull(root);
        JsonObject object = new JsonObject();
        object.addProperty("model", what());
        object.addProperty("cpu", KernelReport.describe(command.machine().cpu()));
        object.addProperty("jvm", Runtime.version().toString());
        object.addProperty("promptTokens", ModelBench.PROMPT);
        JsonArray array = new JsonArray();
        for (ModelRow row : rows) {
            JsonObject one = new JsonObject();
            one.addProperty("kernel", Json.bounded(row.kernel()));
            one.addProperty("threads", row.threads());
            one.addProperty("head", row.head());
            one.addProperty("promptTokensPerSecond", row.promptRate());
            one.addProperty("decodeTokensPerSecond", row.decodeRate());
            if (sequences > 1) {
                one.addProperty("sequences", row.sequences());
                one.addProperty("tokensPerSecondOfAllSequences", row.togetherRate());
            }
            if (lookup != null) {
                one.addProperty("rightGuesses", lookup);
                one.addProperty("tokensPerSecondWithGuesses", row.guessedRate());
            }
            one.addProperty("bytesPerToken", row.bytesPerToken());
            one.addProperty("readBytesPerSecond", row.reading().rate());
            one.addProperty("readWay", row.reading().way());
            one.addProperty("partOfReading", row.partOfReading());
            array.add(one);
        }
        object.add("rows", array);
        if (!screenedRows.isEmpty()) {
            JsonArray screened = new JsonArray();
            screenedRows.forEach(row -> screened.add(ScreenedReport.json(row)));
            object.add("screened", screened);
        }
        if (!skippingRows.isEmpty()) {
            JsonArray skipping = new JsonArray();
            skippingRows.forEach(row -> skipping.add(SkippingReport.json(row)));
            object.add("skipping", skipping);
        }
        if (prompts != null) {
            JsonArray longer = new JsonArray();
            promptRows.forEach(row -> longer.add(PromptReport.json(row)));
            object.add("prompts", longer);
        }
        if (account) {
            JsonArray parts = new JsonArray();
            accounts.forEach(row -> parts.add(AccountReport.json(row)));
            object.add("accounts", parts);
        }
        Json.print(object, command.out());
    }
}
