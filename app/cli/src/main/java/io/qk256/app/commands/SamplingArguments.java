package io.qk256.app.commands;

import io.qk256.llm.generation.SamplingOptions;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The sampling options. */
final class SamplingArguments {

    private static final int REPEAT_LAST = 64;

    /** Random seeds are short enough to be typed again. */
    private static final int RANDOM_SEEDS = 1_000_000;

    @Option(
            names = "--temp",
            paramLabel = "T",
            description =
                    "Temperature. 0: always the most likely token; higher: more random. Default: ${DEFAULT-VALUE}.")
    private double temperature = 0.6;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "Sample from the K most likely tokens only; 0: from all. Default: ${DEFAULT-VALUE}.")
    private int topK = 40;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description =
                    "Sample from the most likely tokens that together have probability P. Default: ${DEFAULT-VALUE}.")
    private double topP = 1;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description =
                    "Sample from tokens with at least P times the probability of the most likely one. Default: ${DEFAULT-VALUE}.")
    private double minP;

    @Option(
            names = "--repeat-penalty",
            paramLabel = "X",
            description = "Make the last 64 tokens less likely to be repeated; 1: off. Default: ${DEFAULT-VALUE}.")
    private double repeatPenalty = 1;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Random seed: the same seed gives the same text with every kernel. Default: a random one, which is shown.")
    private @Nullable Long seed;

    SamplingArguments() {}

    /** Returns the options, with a random seed if the user gave none. */
    SamplingOptions options() {
        long chosen = seed == null ? new SplittableRandom().nextInt(RANDOM_SEEDS) : seed;
        return new SamplingOptions(temperature, topK, topP, minP, repeatPenalty, REPEAT_LAST, chosen);
    }
}
