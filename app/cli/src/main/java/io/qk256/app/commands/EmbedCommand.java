package io.qk256.app.commands;

import io.qk256.gguf.convert.NpyFile;
import io.qk256.llm.LanguageModel;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Pooling;
import io.qk256.spi.Kernel;
import io.qk256.spi.support.OutputFile;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Computes vectors of texts with an embedding model. */
@Command(
        name = "embed",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Compute a vector of length 1 for each text: each argument, or each line of standard input if there is none.",
            "Prints a JSON object per line: the number of the text from 0, its number of tokens, and the vector."
        })
final class EmbedCommand implements Callable<Integer> {

    /** More than the usual batch, as nobody waits for a token. */
    private static final int BATCH = 128;

    /** Texts whose vectors are printed together. */
    private static final int TEXTS_AT_ONCE = 64;

    @ParentCommand
    private @Nullable Qk256Command root;

    @Parameters(paramLabel = "TEXT", arity = "0..*", description = "The texts.")
    private final List<String> texts = new ArrayList<>();

    @Option(
            names = "--pooling",
            paramLabel = "HOW",
            description =
                    "How the tokens of a text become one vector: mean, first or last. Default: what the file says.")
    private @Nullable Pool pooling;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT.npy",
            description = "Write the vectors to a file for NumPy, f32, texts x numbers, instead of printing them. - is"
                    + " standard output.")
    private @Nullable Path output;

    @Mixin
    private final ModelOptions options = new ModelOptions();

    /** {@link Pooling}, by the names that users type. */
    enum Pool {
        MEAN(Pooling.MEAN),
        FIRST(Pooling.FIRST),
        LAST(Pooling.LAST);

        private final Pooling type;

        Pool(Pooling type) {
            this.type = type;
        }

        Pooling type() {
            return type;
        }
    }

    EmbedCommand() {}

    @Override
    public Integer call() throws IOException {
        Qk256Command command = Objects.requireNonNull(root);
        options.requireUsage();
        List<String> wanted = texts.isEmpty() ? lines(command.terminal()) : texts;
        OutputFile file = output == null ? null : OutputFile.orStandardOutput(output);
        if (file != null) {
            options.requireOther(file);
            file.requireWritable();
        }
        command.wantOneKernel();
        int code = command.exitCode(true);
        if (code != ExitCode.OK) {
            return code;
        }
        int threads = options.threads(command.machine());
        Kernel kernel = command.machine().selection().kernel();
        // Vectors need no head: one that is only mapped costs nothing.
        try (LanguageModel loaded = options.load(Head.STORED, command.terminal())) {
            Pooling how = pooling(loaded);
            List<int[]> tokens = tokens(wanted, loaded);
            int longest = tokens.stream().mapToInt(text -> text.length).max().orElse(1);
            try (Engine engine = loaded.engine(kernel, new EngineOptions(threads, longest, BATCH, CacheType.F16))) {
                embed(engine, tokens, how, file);
            }
        }
        return ExitCode.OK;
    }

    private static List<String> lines(Terminal terminal) throws IOException {
        String all = TextStreams.readInput(terminal);
        if (all.isEmpty()) {
            throw new UserError("there is no text; give texts as arguments, or one per line on standard input");
        }
        return Arrays.asList(all.split("\\R", -1));
    }

    private Pooling pooling(LanguageModel loaded) {
        if (pooling != null) {
            return pooling.type;
        }
        Pooling ofFile = loaded.config().pooling();
        if (ofFile == Pooling.NONE) {
            throw new UserError(options.describe() + " does not say how the tokens of a text become one vector (key "
                    + loaded.config().architecture() + ".pooling_type), as models that write text do not; add"
                    + " --pooling mean, first or last");
        }
        return ofFile;
    }

    private static List<int[]> tokens(List<String> texts, LanguageModel loaded) {
        int context = loaded.config().contextLength();
        List<int[]> all = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            int[] tokens = loaded.tokensToEmbed(texts.get(i));
            if (tokens.length == 0 || tokens.length > context) {
                throw new UserError("text " + i + " (the first is 0): " + Plural.of(tokens.length, "token")
                        + ", expected 1 to " + context + ", the model's context; "
                        + (tokens.length == 0 ? "leave it out" : "shorten it"));
            }
            all.add(tokens);
        }
        return all;
    }

    private void embed(Engine engine, List<int[]> tokens, Pooling how, @Nullable OutputFile file) throws IOException {
        Terminal terminal = Objects.requireNonNull(root).terminal();
        List<float[]> vectors = new ArrayList<>();
        for (int first = 0; first < tokens.size(); first += TEXTS_AT_ONCE) {
            terminal.progress(first == 0 ? "" : "text " + first + "/" + tokens.size());
            int end = Math.min(tokens.size(), first + TEXTS_AT_ONCE);
            float[][] some = engine.embed(tokens.subList(first, end), how);
            if (file != null) {
                vectors.addAll(List.of(some));
                continue;
            }
            terminal.progress("");
            for (int i = 0; i < some.length; i++) {
                print(first + i, tokens.get(first + i).length, some[i], terminal.out());
            }
        }
        terminal.progress("");
        if (file != null) {
            NpyFile.write(vectors, file);
            terminal.say("wrote " + file + ": " + vectors.size() + "x" + vectors.getFirst().length + " f32");
        }
    }

    private static void print(int index, int tokens, float[] vector, PrintWriter out) {
        StringBuilder line = new StringBuilder();
        line.append("{\"index\": ")
                .append(index)
                .append(", \"tokens\": ")
                .append(tokens)
                .append(", \"embedding\": ");
        line.append(Arrays.toString(vector)).append('}');
        out.println(line);
        out.flush();
    }
}
