package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.Numbers;
import io.qk256.app.bench.ReadingSpeed;
import io.qk256.llm.generation.GenerationSpeed;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.model.HeadReadings;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.Sparsity;
import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.ParallelKernel;
import java.util.Locale;

/** The line after a text: the kernel, the speed, and the fraction of memory read speed. */
final class RunReport {

    /** Fewer tokens say too little about the speed. */
    private static final int ENOUGH_TOKENS = 8;

    /** A smaller model stays in the caches, so memory does not limit how fast it is read. */
    private static final long ENOUGH_BYTES = 128 << 20;

    private static final double PERCENT = 100;

    private final String kernelName;
    private final Kernel kernel;
    private final int threads;
    private final Model model;
    private final long seed;

    RunReport(String kernelName, Kernel kernel, int threads, Model model, long seed) {
        this.kernelName = kernelName;
        this.kernel = kernel;
        this.threads = threads;
        this.model = model;
        this.seed = seed;
    }

    /** Returns the line; measures memory read speed if it may have been the limit and enough tokens were decoded. */
    String line(GenerationSpeed speed, HeadReadings head) {
        StringBuilder line = new StringBuilder(kernelName)
                .append(", ")
                .append(Plural.of(threads, "thread"))
                .append(", head ")
                .append(model.head())
                .append(" | prompt ")
                .append(rate(speed.promptTokens(), speed.promptRate()))
                .append(" | decode ")
                .append(rate(speed.decodedTokens(), speed.decodeRate()));
        if (speed.guessedTokens() > 0) {
            line.append(" | ")
                    .append(Plural.of(speed.guessedTokens(), "token"))
                    .append(" guessed, ")
                    .append(speed.rightGuesses())
                    .append(" right");
        }
        if (!head.equals(HeadReadings.NONE)) {
            line.append(" | screened ").append(Plural.of(head.screened(), "token"));
            if (head.screened() > 0) {
                line.append(" by ")
                        .append(Math.round(head.rowsPerToken()))
                        .append(" of ")
                        .append(model.config().vocabulary())
                        .append(" rows");
            }
            line.append(", fell back for ")
                    .append(head.fallbacks())
                    .append(", read all for ")
                    .append(head.full());
        }
        if (speed.decodedTokens() >= ENOUGH_TOKENS) {
            double bytesPerSecond = model.bytesPerToken() * speed.passRate();
            line.append(" | weights ").append(Numbers.of(bytesPerSecond / 1e9)).append(" GB/s");
            if (model.bytesPerToken() >= ENOUGH_BYTES) {
                double possible = possible().rate();
                line.append(", ")
                        .append(Math.round(100 * bytesPerSecond / possible))
                        .append(" % of memory read speed (")
                        .append(Numbers.of(possible / 1e9))
                        .append(" GB/s)");
            }
        }
        return line.append(" | seed ").append(seed).toString();
    }

    /** Says how sparse the states were. */
    static String sparsity(Sparsity sparsity) {
        if (sparsity.isEmpty()) {
            return "sparsity: nothing counted; only models with squared ReLU have gates that are 0, and only tokens that are"
                    + " decoded one at a time are counted";
        }
        return String.format(
                Locale.ROOT,
                "sparsity: %.1f %% of the gates are above 0, %.1f %% of the int8 inputs of the down projections are not 0",
                PERCENT * sparsity.rowDensity(),
                PERCENT * sparsity.columnDensity());
    }

    /** Returns the same for programs, with the text. */
    JsonObject json(String prompt, Answer answer, HeadReadings head, Sparsity sparsity) {
        JsonObject json = new JsonObject();
        json.addProperty("prompt", prompt);
        json.addProperty("text", answer.text());
        json.addProperty("end", answer.end().name().toLowerCase(Locale.ROOT));
        json.addProperty("tokens", answer.tokens());
        json.addProperty("forgottenTokens", answer.forgotten());
        json.addProperty("kernel", kernelName);
        json.addProperty("threads", threads);
        json.addProperty("head", model.head());
        json.addProperty("seed", seed);
        GenerationSpeed speed = answer.speed();
        json.addProperty("promptTokens", speed.promptTokens());
        json.addProperty("promptTokensPerSecond", speed.promptRate());
        json.addProperty("decodedTokens", speed.decodedTokens());
        json.addProperty("decodeTokensPerSecond", speed.decodeRate());
        json.addProperty("guessedTokens", speed.guessedTokens());
        json.addProperty("rightGuesses", speed.rightGuesses());
        json.addProperty("bytesPerToken", model.bytesPerToken());
        if (!head.equals(HeadReadings.NONE)) {
            json.addProperty("screenedTokens", head.screened());
            json.addProperty("rowsReadForScreenedTokens", head.rows());
            json.addProperty("screeningFallbacks", head.fallbacks());
            json.addProperty("fullHeadReadings", head.full());
        }
        if (!sparsity.isEmpty()) {
            json.addProperty("positiveGates", sparsity.rowDensity());
            json.addProperty("notZeroInputs", sparsity.columnDensity());
        }
        return json;
    }

    private ReadingSpeed possible() {
        try (ParallelKernel crew = ParallelKernel.withThreads(kernel, threads)) {
            return ReadingSpeed.measure(model.bytesPerToken(), crew);
        }
    }

    private static String rate(int tokens, double rate) {
        String count = Plural.of(tokens, "token");
        return tokens == 0 ? count : count + ", " + Numbers.of(rate) + " t/s";
    }
}
