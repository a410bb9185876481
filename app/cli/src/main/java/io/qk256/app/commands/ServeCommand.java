package io.qk256.app.commands;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.model.Pooling;
import io.qk256.llm.serving.Scheduler;
import io.qk256.llm.serving.SchedulerOptions;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.server.ModelServer;
import io.qk256.server.ServedModel;
import io.qk256.server.ServerOptions;
import io.qk256.spi.Kernel;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Selection;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Serves a model over HTTP until it is stopped. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Serve a model over HTTP, in the protocol of OpenAI, with a page to talk to it; see docs/server.md.",
            "Without options, the embedded model on http://127.0.0.1:8080, for this machine only. Ctrl-C stops it."
        })
final class ServeCommand implements Callable<Integer> {

    private static final int MOST_SECONDS = 24 * 60 * 60;

    @ParentCommand
    private @Nullable Qk256Command root;

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final ServeOptions listening = new ServeOptions();

    @Mixin
    private final TemplateOptions template = new TemplateOptions();

    @Mixin
    private final CapacityOptions capacity = new CapacityOptions();

    @Option(
            names = "--pooling",
            paramLabel = "HOW",
            description =
                    "How the tokens of a text become one vector, for /v1/embeddings: mean, first or last. Default: what the"
                            + " file says.")
    private EmbedCommand.@Nullable Pool pooling;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The name by which clients call the model. Default: the file's name without .gguf.")
    private @Nullable String name;

    @Option(
            names = "--drain",
            paramLabel = "S",
            description = "When stopped, let requests in progress finish for S seconds. Default: ${DEFAULT-VALUE}.")
    private int drain = 10;

    ServeCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        options.requireUsage();
        Limits.require("--drain", drain, 0, MOST_SECONDS);
        template.requireUsage();
        capacity.requireUsage();
        ServerOptions where = listening.options();
        // Before the model is loaded, which may take long: a port in use is told at once.
        try (ModelServer server = ModelServer.start(where, command::tell)) {
            int code = command.exitCode(true);
            if (code != ExitCode.OK) {
                return code;
            }
            Machine machine = command.machine();
            Kernel kernel = machine.selection().kernel();
            SchedulerOptions how = capacity.options(options.threads(machine));
            try (LanguageModel model = options.load(command.terminal());
                    Scheduler scheduler = Scheduler.start(model, kernel, how)) {
                capacity.warning(model.config().contextLength()).ifPresent(command::tell);
                server.serve(served(
                        name(),
                        model,
                        template.template(model.tokenizer()),
                        scheduler,
                        pooling == null ? model.config().pooling() : pooling.type(),
                        capacity.timeout(),
                        machine));
                command.out()
                        .println("serving " + name() + " on " + server.address() + " with kernel "
                                + KernelReport.selected(machine.selection()) + ", " + capacity.describe(scheduler));
                if (command.terminal().finish().isPresent()) { // Nobody would know where it is.
                    return ExitCode.FAILED;
                }
                return untilStopped(server, command);
            }
        }
    }

    /** What a server serves with the selected kernel. */
    static ServedModel served(
            String name,
            LanguageModel model,
            ChatTemplate template,
            Scheduler scheduler,
            Pooling pooling,
            Duration timeout,
            Machine machine) {
        Selection selection = machine.selection();
        String why = selection.selected().map(Candidate::why).orElse("");
        String all = Json.text(KernelReport.json(machine));
        return new ServedModel(
                name,
                model,
                template,
                scheduler,
                pooling,
                timeout,
                new ServedModel.ServedKernel(KernelReport.selected(selection), why, all),
                Instant.now());
    }

    private String name() {
        return name == null ? options.shortName() : name;
    }

    /** Waits for Ctrl-C or the signal TERM, and for the requests in progress. */
    private int untilStopped(ModelServer server, Qk256Command command) throws IOException {
        CountDownLatch wanted = new CountDownLatch(1);
        AtomicInteger code = new AtomicInteger(ExitCode.INTERRUPTED);
        AtomicBoolean stopping = new AtomicBoolean();
        Runnable stop = () -> {
            if (stopping.compareAndSet(false, true)) {
                stop(server, command);
            }
        };
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("qk256-stop").unstarted(stop));
        // The second Ctrl-C does not wait for requests, nor for what else runs at an orderly end.
        Interrupts.install(wanted::countDown, () -> Runtime.getRuntime().halt(ExitCode.INTERRUPTED));
        Interrupts.onTerm(() -> {
            code.set(ExitCode.TERMINATED);
            wanted.countDown();
        });
        try {
            wanted.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        stop.run();
        return code.get();
    }

    private void stop(ModelServer server, Qk256Command command) {
        int running = server.inProgress();
        if (running > 0) {
            command.say("stopping: " + Plural.of(running, "request") + " in progress may finish within " + drain
                    + " s; Ctrl-C again cuts off");
        }
        try {
            if (!server.stop(Duration.ofSeconds(drain))) {
                command.tell("some requests were cut off, because they did not finish within " + drain + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
