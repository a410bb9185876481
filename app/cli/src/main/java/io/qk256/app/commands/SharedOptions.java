package io.qk256.app.commands;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The options of the root command, which every command inherits. Options without effect on a command are not offered there, and
 * are refused before its name.
 */
final class SharedOptions {

    private static final List<String> CHOICE = List.of("--kernel", "--require", "--calibrate");
    private static final List<String> CPU = List.of("--cpu-features");
    private static final List<String> PLUGINS = List.of("--plugins", "--allow-native", "--probe", "--probe-seconds");
    private static final List<String> VERBOSE = List.of("--verbose");

    private static final Map<String, Set<String>> UNUSED = Map.of(
            "bench", all(CHOICE),
            "tck", all(CHOICE, CPU),
            "inspect", all(CHOICE, CPU, PLUGINS),
            "dequantize", all(CHOICE, CPU, PLUGINS),
            "convert", all(CHOICE, CPU, PLUGINS),
            "pull", all(CHOICE, CPU, PLUGINS),
            "help", all(CHOICE, CPU, PLUGINS, VERBOSE),
            "version", all(CHOICE, CPU, PLUGINS, VERBOSE));

    private SharedOptions() {}

    @SafeVarargs
    private static Set<String> all(List<String>... groups) {
        Set<String> names = new HashSet<>();
        for (List<String> group : groups) {
            names.addAll(group);
        }
        return names;
    }

    /** Removes the options that a subcommand does not use; there they are unknown options. */
    static void removeUnused(CommandLine root) {
        root.getSubcommands().forEach((name, line) -> {
            CommandSpec command = line.getCommandSpec();
            for (String option : UNUSED.getOrDefault(name, Set.of())) {
                OptionSpec inherited = command.findOption(option);
                if (inherited != null) {
                    command.remove(inherited);
                }
            }
        });
    }

    /**
     * Refuses options that were typed before the name of a command that does not use them.
     *
     * @throws ParameterException if there is such an option
     */
    static void requireHonored(ParseResult parsed) {
        if (!parsed.hasSubcommand()) {
            return;
        }
        String command = parsed.subcommand().commandSpec().name();
        for (String option : UNUSED.getOrDefault(command, Set.of())) {
            if (parsed.hasMatchedOption(option)) {
                throw new ParameterException(
                        parsed.subcommand().commandSpec().commandLine(),
                        option + " has no effect on '" + command + "'; leave it out");
            }
        }
    }
}
