package io.qk256.app.commands;

import io.qk256.app.generation.Generator;
import io.qk256.app.generation.Generator.Answer;
import io.qk256.app.generation.Sampler;
import io.qk256.app.generation.SamplingOptions;
import io.qk256.app.generation.Speed;
import io.qk256.app.model.CacheType;
import io.qk256.app.model.Session;
import io.qk256.app.model.SessionOptions;
import io.qk256.app.text.ChatMessage;
import io.qk256.app.text.ChatTemplate;
import io.qk256.app.text.Tokenizer;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Lets a model write. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Let a BitNet model write: text on standard output, then one line about speed on standard error.",
            "Without options: a fairy tale by the embedded model."
        })
final class RunCommand implements Callable<Integer> {

    private static final String DEFAULT_PROMPT = "Once upon a time";

    @ParentCommand
    private @Nullable Qk256Command root;

    @ArgGroup
    private @Nullable Source source;

    @Option(
            names = "-n",
            paramLabel = "N",
            description = "Write at most N tokens. Default: until the model ends, or its context is full.")
    private @Nullable Integer limit;

    @Option(names = "--raw", description = "Continue the text as it is, also with a model that answers questions.")
    private boolean raw;

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final SamplingArguments sampling = new SamplingArguments();

    RunCommand() {}

    /** Where the prompt comes from. */
    static final class Source {

        @Option(
                names = {"-p", "--prompt"},
                paramLabel = "TEXT",
                description = "A question, or, for a model that only continues text, a beginning.")
        private @Nullable String text;

        @Option(
                names = {"-f", "--file"},
                paramLabel = "FILE",
                description = "The same, from a file in UTF-8.")
        private @Nullable Path file;

        @Option(
                names = "--chat",
                description = "A conversation, one line a message. Default for a model that answers questions.")
        private boolean chat;

        Source() {}
    }

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        if (limit != null && limit < 1) {
            throw new UserError("-n: " + limit + ", expected 1 or more");
        }
        SamplingOptions choosing = sampling.options();
        String prompt = prompt();
        command.wantOneKernel();
        Background<ModelOptions.Loaded> loading =
                Background.start("qk256-load", () -> options.load(command.terminal()));
        Machine machine = machine(command, loading);
        try (ModelOptions.Loaded loaded = loading.get()) {
            int code = command.exitCode(true);
            if (code != ExitCode.OK) {
                return code;
            }
            int threads = options.threads(machine);
            Kernel kernel = machine.selection().kernel();
            PrintWriter out = command.terminal().text();
            Speed speed = isChat(loaded.tokenizer())
                    ? chat(loaded, kernel, threads, choosing)
                    : write(loaded, kernel, threads, choosing, prompt, out);
            String name = KernelReport.selected(machine.selection());
            RunReport report = new RunReport(name, kernel, threads, loaded.model());
            command.say(report.line(speed, choosing.seed()));
        }
        return ExitCode.OK;
    }

    /** Finds the kernel while the model is loaded; if that fails, the model is closed. */
    private static Machine machine(Qk256Command command, Background<ModelOptions.Loaded> loading) throws IOException {
        try {
            return command.machine();
        } catch (RuntimeException e) {
            loading.get().close();
            throw e;
        }
    }

    private String prompt() throws IOException {
        if (source == null) {
            return DEFAULT_PROMPT;
        }
        if (source.text != null) {
            return source.text;
        }
        if (source.file == null) {
            return DEFAULT_PROMPT;
        }
        return TextStreams.read(source.file);
    }

    private boolean isChat(Tokenizer tokenizer) {
        return source == null ? !raw && ChatTemplate.of(tokenizer).hasTurns() : source.chat;
    }

    private Speed chat(ModelOptions.Loaded loaded, Kernel kernel, int threads, SamplingOptions choosing)
            throws IOException {
        Terminal terminal = Objects.requireNonNull(root).terminal();
        try (Session session = loaded.model().session(kernel, SessionOptions.withThreads(threads))) {
            Generator generator = generator(loaded, session, choosing);
            ChatTemplate template = ChatTemplate.of(loaded.tokenizer());
            int wanted = limit == null ? 0 : limit;
            return new Chat(template, generator, session.context(), wanted, terminal).talk();
        }
    }

    private Speed write(
            ModelOptions.Loaded loaded,
            Kernel kernel,
            int threads,
            SamplingOptions choosing,
            String prompt,
            PrintWriter out) {
        Tokenizer tokenizer = loaded.tokenizer();
        ChatTemplate template = ChatTemplate.of(tokenizer);
        boolean answers = template.hasTurns() && !raw;
        int[] tokens = answers
                ? template.encode(List.of(new ChatMessage(ChatMessage.Role.USER, prompt)))
                : tokenizer.encode(prompt, tokenizer.addsBeginOfText(), false);
        int most = limit == null ? Integer.MAX_VALUE : limit;
        int context = loaded.model().config().contextLength();
        int needed = (int) Math.min(context, (long) tokens.length + most);
        SessionOptions size = new SessionOptions(threads, needed, SessionOptions.DEFAULT_BATCH, CacheType.F16);
        try (Session session = loaded.model().session(kernel, size)) {
            Generator generator = generator(loaded, session, choosing);
            generator.requireFitting(tokens);
            if (!answers) {
                TextStreams.show(prompt, out);
            }
            Answer answer = generator.generate(tokens, most, out::checkError, piece -> TextStreams.show(piece, out));
            out.println();
            out.flush();
            if (answer.end() == Generator.End.CONTEXT) {
                Objects.requireNonNull(root).say("(the model's context of " + session.context() + " tokens is full)");
            }
            return answer.speed();
        }
    }

    private static Generator generator(ModelOptions.Loaded loaded, Session session, SamplingOptions choosing) {
        return new Generator(
                loaded.tokenizer(),
                session,
                new Sampler(choosing, loaded.tokenizer().vocabularySize()));
    }
}
