package com.example.spark;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What to do with the rows of a table.
 *
 * @param mode what to compute
 * @param input a table: a file or a directory that Spark can read, or for {@link Plain} a local file of JSON lines
 * @param output a directory for Spark, which must not exist; a file for {@link Plain}
 * @param inputFormat of the input
 * @param outputFormat of the output
 * @param keyColumn names the rows; the seed of a row derives from it
 * @param textColumn the prompts or texts
 * @param model a GGUF file: a path on each node, or the name of a file that came with {@code --files}
 * @param mapped whether all weights stay in the mapped file, which must be of type QK256
 * @param threads threads of an engine; 0 for the cores of an executor
 * @param parallel how many texts are generated at once by an engine
 * @param context the most tokens of a text, prompt and completion together; 0 for the model's context length
 * @param maxTokens the most tokens to generate for a row
 * @param temperature of sampling; 0 always takes the most likely token
 * @param seed with the key of a row, the seed of its sampling
 * @param chat whether a prompt is a user's message to the model, in the form of its chat template
 * @param parts into how many parts the rows are split; 0 for the parts of the input
 */
public record Options(
        Mode mode,
        String input,
        String output,
        Format inputFormat,
        Format outputFormat,
        String keyColumn,
        String textColumn,
        String model,
        boolean mapped,
        int threads,
        int parallel,
        int context,
        int maxTokens,
        double temperature,
        long seed,
        boolean chat,
        int parts)
        implements Serializable {

    /** What to compute for each row. */
    public enum Mode {
        /** A continuation of the text. */
        GENERATE,
        /** How well the model predicts the text. */
        SCORE,
        /** A vector. */
        EMBED
    }

    /** How a table is stored. */
    public enum Format {
        JSON,
        PARQUET
    }

    private static final Set<String> SWITCHES = Set.of("mapped", "chat");
    private static final Set<String> NAMES = Set.of(
            "mode",
            "input",
            "output",
            "input-format",
            "output-format",
            "key",
            "text",
            "model",
            "threads",
            "parallel",
            "context",
            "max-tokens",
            "temperature",
            "seed",
            "parts");

    /** @throws IllegalArgumentException if a value is out of range */
    public Options {
        require(threads >= 0, "--threads " + threads + ", expected 0 (the cores of an executor) or more");
        require(parallel > 0, "--parallel " + parallel + ", expected 1 or more");
        require(context >= 0, "--context " + context + ", expected 0 (the model's) or more");
        require(maxTokens > 0, "--max-tokens " + maxTokens + ", expected 1 or more");
        require(temperature >= 0, "--temperature " + temperature + ", expected 0 or more");
        require(parts >= 0, "--parts " + parts + ", expected 0 (those of the input) or more");
    }

    /**
     * Reads a command line: {@code --name value}, or {@code --name} for switches.
     *
     * @throws IllegalArgumentException if it is wrong
     */
    public static Options parse(String... arguments) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i].startsWith("--") ? arguments[i].substring(2) : "";
            require(SWITCHES.contains(name) || NAMES.contains(name), arguments[i] + ": no such option");
            boolean isSwitch = SWITCHES.contains(name);
            require(isSwitch || i + 1 < arguments.length, arguments[i] + ": has no value");
            given.put(name, isSwitch ? "" : arguments[++i]);
        }
        for (String name : new String[] {"mode", "input", "output", "model"}) {
            require(given.containsKey(name), "--" + name + " is missing");
        }
        return new Options(
                choice(Mode.class, given.get("mode")),
                given.get("input"),
                given.get("output"),
                choice(Format.class, given.getOrDefault("input-format", "json")),
                choice(Format.class, given.getOrDefault("output-format", "json")),
                given.getOrDefault("key", "key"),
                given.getOrDefault("text", "text"),
                given.get("model"),
                given.containsKey("mapped"),
                Integer.parseInt(given.getOrDefault("threads", "0")),
                Integer.parseInt(given.getOrDefault("parallel", "8")),
                Integer.parseInt(given.getOrDefault("context", "0")),
                Integer.parseInt(given.getOrDefault("max-tokens", "128")),
                Double.parseDouble(given.getOrDefault("temperature", "0.8")),
                Long.parseLong(given.getOrDefault("seed", "0")),
                given.containsKey("chat"),
                Integer.parseInt(given.getOrDefault("parts", "0")));
    }

    private static <E extends Enum<E>> E choice(Class<E> type, String given) {
        for (E value : type.getEnumConstants()) {
            if (value.name().equalsIgnoreCase(given)) {
                return value;
            }
        }
        throw new IllegalArgumentException(given + ": expected one of "
                + String.join(", ", java.util.Arrays.stream(type.getEnumConstants())
                        .map(value -> value.name().toLowerCase(java.util.Locale.ROOT))
                        .toList()));
    }

    /** The same with another number of threads, and the model at another path. */
    Options at(String path, int cores) {
        return new Options(
                mode,
                input,
                output,
                inputFormat,
                outputFormat,
                keyColumn,
                textColumn,
                path,
                mapped,
                cores,
                parallel,
                context,
                maxTokens,
                temperature,
                seed,
                chat,
                parts);
    }

    private static void require(boolean fits, String message) {
        if (!fits) {
            throw new IllegalArgumentException(message);
        }
    }
}
