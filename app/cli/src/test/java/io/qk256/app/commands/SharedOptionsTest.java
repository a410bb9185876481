package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** An inherited option is used by a command, or refused and not offered. */
class SharedOptionsTest {

    private static final Map<String, String> OPTIONS = Map.of(
            "--kernel", "--kernel=nope",
            "--require", "--require=nope",
            "--calibrate", "--calibrate",
            "--cpu-features", "--cpu-features=none",
            "--plugins", "--plugins=.",
            "--allow-native", "--allow-native=nope",
            "--probe", "--probe=none",
            "--probe-seconds", "--probe-seconds=1");

    private static final Set<String> ALL = OPTIONS.keySet();

    private static final Map<String, Set<String>> USED = Map.ofEntries(
            Map.entry("run", ALL),
            Map.entry("serve", ALL),
            Map.entry("embed", ALL),
            Map.entry("perplexity", ALL),
            Map.entry("bench-model", ALL),
            Map.entry("bench-serve", ALL),
            Map.entry("kernels", ALL),
            Map.entry("explain", ALL),
            Map.entry("check", ALL),
            Map.entry("bench", Set.of("--cpu-features", "--plugins", "--allow-native", "--probe", "--probe-seconds")),
            Map.entry("tck", Set.of("--plugins", "--allow-native", "--probe", "--probe-seconds")),
            Map.entry("inspect", Set.of()),
            Map.entry("dequantize", Set.of()),
            Map.entry("convert", Set.of()),
            Map.entry("pull", Set.of()),
            Map.entry("version", Set.of()));

    @Test
    void whatChangesNothingIsNotOffered() {
        USED.forEach((command, used) -> {
            String help = CommandLineRun.of(command, "--help").out();
            OPTIONS.keySet()
                    .forEach(option -> assertThat(help.contains(option + "=") || help.contains(option + " "))
                            .as("%s %s", command, option)
                            .isEqualTo(used.contains(option)));
        });
    }

    /** A command that is typed first is parsed without the others. */
    @Test
    void aCommandIsTheSameAmongTheOthers() {
        for (String command : USED.keySet()) {
            assertThat(CommandLineRun.of(command, "--help").out())
                    .startsWith("Usage: ")
                    .isEqualTo(CommandLineRun.of("help", command).out());
        }
    }

    @Test
    void whatChangesNothingIsRefusedBeforeAndAfterTheCommand() {
        USED.forEach((command, used) -> OPTIONS.forEach((option, typed) -> {
            if (!used.contains(option)) {
                assertRefused(command, option, List.of(typed, command));
                assertRefused(command, option, List.of(command, typed));
            }
        }));
    }

    private static void assertRefused(String command, String option, List<String> words) {
        List<String> all = new ArrayList<>(words);
        all.addAll(
                switch (command) {
                    case "inspect" -> List.of("f");
                    case "dequantize" -> List.of("f", "t", "-o", "x");
                    case "convert" -> List.of("f", "--type=qk256", "-o", "x");
                    case "pull" -> List.of("hf:owner/repo");
                    case "tck" -> List.of("--provider=scalar");
                    default -> List.of();
                });
        CommandLineRun run = CommandLineRun.of(all.toArray(String[]::new));
        assertThat(run.exit()).as("%s", all).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).as("%s", all).contains(option);
    }
}
