package io.qk256.app.commands;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.generation.Generator;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.generation.LookupGuesser;
import io.qk256.llm.generation.Sampler;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Generates text with a model. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Generate text with a model: the text on standard output, then one line about speed on standard error.",
            "Without options, the embedded model tells a fairy tale, or continues the text that is piped in."
        })
final class RunCommand implements Callable<Integer> {

    private static final String DEFAULT_PROMPT = "Once upon a time";

    @ParentCommand
    private @Nullable Qk256Command root;

    @ArgGroup
    private @Nullable PromptOptions source;

    @Option(
            names = "-n",
            paramLabel = "N",
            description = "Generate at most N tokens. Default: until the model ends its text, or as --when-full says.")
    private @Nullable Integer limit;

    @Option(
            names = "--when-full",
            paramLabel = "WHAT",
            description =
                    "What to do when the context is full: stop (the answer ends) or forget-oldest (drop the older half"
                            + " of the text and continue). Default: stop.")
    private Full whenFull = Full.STOP;

    @Option(
            names = "--lookup",
            description =
                    "Guess the next tokens by looking up the last ones in the text so far, and compute several in one pass"
                            + " where that is faster. The text is the same. Helps with texts that repeat parts of the prompt.")
    private boolean lookup;

    @Option(
            names = "--skip",
            paramLabel = "WHAT",
            description =
                    "Which weights of a model with squared ReLU are not read where they would be multiplied by 0: none, rows"
                            + " (of the up projections), or all (also columns of the down projections, which takes a second copy of"
                            + " these, a quarter of the 2-bit weights). The text is the same. Default: rows.")
    private Skip skip = Skip.ROWS;

    @Option(
            names = "--stats",
            description = "Also print how sparse the states were while decoding: what --skip can leave out.")
    private boolean stats;

    @Option(names = "--raw", description = "Continue the text as is, even with a model that answers questions.")
    private boolean raw;

    @Option(names = "--json", description = "Print one JSON object at the end, with the text and the speeds.")
    private boolean json;

    @Mixin
    private final ChatOptions chatting = new ChatOptions();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final SamplingArguments sampling = new SamplingArguments();

    RunCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        requireUsage();
        SamplingOptions choosing = sampling.options();
        Optional<String> prompt = PromptOptions.prompt(source, command.terminal());
        command.wantOneKernel();
        Background<LanguageModel> loading = Background.start("qk256-load", () -> options.load(command.terminal()));
        Machine machine = machine(command, loading);
        try (LanguageModel loaded = loading.get()) {
            requireText(loaded);
            int code = command.exitCode(true);
            if (code != ExitCode.OK) {
                return code;
            }
            int threads = options.threads(machine);
            Kernel kernel = machine.selection().kernel();
            String name = KernelReport.selected(machine.selection());
            RunReport report = new RunReport(name, kernel, threads, loaded.weights(), choosing.seed());
            if (isChat(prompt, loaded.tokenizer())) {
                command.say(chat(loaded, kernel, threads, choosing, report));
                return ExitCode.OK;
            }
            return write(loaded, kernel, threads, choosing, prompt.orElse(DEFAULT_PROMPT), report);
        }
    }

    private void requireUsage() {
        if (limit != null) {
            Limits.require("-n", limit, 1, Integer.MAX_VALUE);
        }
        options.requireUsage();
        chatting.requireUsage(raw);
        boolean chat = source != null && source.isChat();
        if (chat && raw) {
            throw new UserError("--raw continues one text, but --chat has turns; use only one of them");
        }
        if (chat && json) {
            throw new UserError("--json prints one answer, but --chat has several; use only one of them");
        }
    }

    private void requireText(LanguageModel loaded) {
        if (loaded.config().pooling() != Pooling.NONE) {
            throw new UserError(options.describe() + " gives vectors of texts (its "
                    + loaded.config().architecture()
                    + ".pooling_type says so), and its text would be meaningless; use 'embed' instead of 'run'");
        }
    }

    /** Selects the kernel while the model is loading; closes the model if that fails. */
    private static Machine machine(Qk256Command command, Background<LanguageModel> loading) throws IOException {
        try {
            return command.machine();
        } catch (RuntimeException e) {
            loading.get().close();
            throw e;
        }
    }

    private boolean isChat(Optional<String> prompt, Tokenizer tokenizer) {
        if (source != null) {
            return source.isChat();
        }
        boolean typed = Objects.requireNonNull(root).terminal().isTypedIn();
        return prompt.isEmpty()
                && typed
                && !raw
                && !json
                && chatting.template(tokenizer).hasTurns();
    }

    private String chat(LanguageModel loaded, Kernel kernel, int threads, SamplingOptions choosing, RunReport report)
            throws IOException {
        ChatTemplate template = chatting.template(loaded.tokenizer());
        Terminal terminal = Objects.requireNonNull(root).terminal();
        try (Engine engine =
                        loaded.engine(kernel, EngineOptions.withThreads(threads).withSkipping(skip.skipping()));
                Sequence sequence = engine.sequence()) {
            Generator generator = generator(loaded, sequence, choosing);
            int wanted = limit == null ? 0 : limit;
            Chat chat = new Chat(template, chatting.beginning(), generator, sequence.context(), wanted, terminal);
            String line = report.line(chat.talk(), engine.headReadings());
            return stats ? line + System.lineSeparator() + RunReport.sparsity(engine.sparsity()) : line;
        }
    }

    /** Generates one text; Ctrl-C stops it, and the text so far is reported nevertheless. */
    private int write(
            LanguageModel loaded,
            Kernel kernel,
            int threads,
            SamplingOptions choosing,
            String prompt,
            RunReport report) {
        Qk256Command command = Objects.requireNonNull(root);
        Tokenizer tokenizer = loaded.tokenizer();
        boolean answers = !raw && chatting.template(tokenizer).hasTurns();
        int[] tokens = answers
                ? chatting.template(tokenizer).encode(question(prompt))
                : tokenizer.encode(prompt, tokenizer.addsBeginOfText(), false);
        int most = limit == null ? Integer.MAX_VALUE : limit;
        int context = loaded.config().contextLength();
        int needed = (int) Math.min(context, (long) tokens.length + most);
        EngineOptions size = new EngineOptions(threads, needed, EngineOptions.DEFAULT_BATCH, CacheType.F16)
                .withSkipping(skip.skipping());
        try (Engine engine = loaded.engine(kernel, size);
                Sequence sequence = engine.sequence()) {
            Generator generator = generator(loaded, sequence, choosing);
            generator.requireFitting(tokens);
            PrintWriter out = command.terminal().text();
            Interrupts interrupts = Interrupts.install(() -> {});
            interrupts.answering();
            if (!answers) {
                show(prompt, out);
            }
            Answer answer = generator.generate(
                    tokens, most, () -> interrupts.isStopping() || out.checkError(), piece -> show(piece, out));
            if (json) {
                Json.print(report.json(prompt, answer, engine.headReadings(), engine.sparsity()), command.out());
            } else {
                out.println();
                out.flush();
                if (answer.end() == Generator.End.CONTEXT) {
                    command.say("(the model's context of " + sequence.context() + " tokens is full)");
                } else if (answer.forgotten() > 0) {
                    command.say("(the model's context of " + sequence.context() + " tokens was full: "
                            + Plural.of(answer.forgotten(), "old token") + " forgotten)");
                }
                command.say(report.line(answer.speed(), engine.headReadings()));
                if (stats) {
                    command.say(RunReport.sparsity(engine.sparsity()));
                }
            }
            return interrupts.isStopping() ? ExitCode.INTERRUPTED : ExitCode.OK;
        }
    }

    private List<ChatMessage> question(String prompt) {
        List<ChatMessage> messages = new ArrayList<>(chatting.beginning());
        messages.add(new ChatMessage(ChatMessage.Role.USER, prompt));
        return messages;
    }

    private void show(String text, PrintWriter out) {
        if (!json) {
            TextStreams.show(text, out);
        }
    }

    private Generator generator(LanguageModel loaded, Sequence sequence, SamplingOptions choosing) {
        return new Generator(
                loaded.tokenizer(),
                sequence,
                new Sampler(choosing, loaded.tokenizer().vocabularySize()),
                whenFull.choice(),
                lookup ? Optional.of(LookupGuesser.decoder(sequence)) : Optional.empty());
    }
}
