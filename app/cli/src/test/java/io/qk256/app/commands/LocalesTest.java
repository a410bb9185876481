package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data does not depend on the user's language: Arabic has its own digits, Turkish a dotless i. */
class LocalesTest {

    /** Formatting and case conversion in the default locale. */
    private static final Pattern DEFAULT_LOCALE =
            Pattern.compile("(String\\.format|\\bprintf)\\(\\s*[\"a-z]|\\.formatted\\(|to(Lower|Upper)Case\\(\\)");

    private final Locale before = Locale.getDefault();

    @TempDir
    private Path dir;

    @AfterEach
    void restore() {
        Locale.setDefault(before);
    }

    @Test
    void everyCommandSaysTheSame() throws Exception {
        String file = HostileFile.withHostileNames(dir.resolve("m.gguf"), "bitnet-b1.58")
                .toString();
        String text = Files.writeString(dir.resolve("text"), "Once upon a time").toString();
        String out = dir.resolve("out.gguf").toString();
        String[][] commands = {
            {"inspect", file},
            {"inspect", "--json", file},
            {"kernels"},
            {"kernels", "--json"},
            {"explain", "scalar"},
            {"convert", file, "--type=QK256", "-o", out},
            {"run", "-n", "3", "--seed=1", "--threads=1", "--HEAD=STORED".toLowerCase(Locale.ROOT)},
            {"run", "--temp=nan"},
            {"perplexity", "-f", text, "--json"},
            {"--help"},
            {"version"},
        };
        for (String[] command : commands) {
            Locale.setDefault(Locale.ROOT);
            CommandLineRun expected = CommandLineRun.of(command);
            for (String tag : List.of("ar-EG", "tr-TR")) {
                Locale.setDefault(Locale.forLanguageTag(tag));
                CommandLineRun run = CommandLineRun.of(command);
                String label = tag + " " + String.join(" ", command);
                assertThat(run.exit()).as(label).isEqualTo(expected.exit());
                assertThat(withoutSpeeds(run.out())).as(label).isEqualTo(withoutSpeeds(expected.out()));
                assertThat(withoutSpeeds(run.err())).as(label).isEqualTo(withoutSpeeds(expected.err()));
            }
        }
    }

    /** Removes measured figures, in ASCII digits, which differ in each run. */
    private static String withoutSpeeds(String text) {
        return text.replaceAll("[0-9.]+ (G weights/s|t/s|GB/s|in (f32|int8) GEMV)", "-")
                .replaceAll("\"seconds\": [0-9.E-]+", "-");
    }

    @Test
    void noCodeAsksForTheDefaultLocale() throws IOException {
        try (Stream<Path> modules = Files.list(Path.of(".."))) {
            for (Path module : modules.filter(part -> Files.isDirectory(part.resolve("src/main/java")))
                    .toList()) {
                try (Stream<Path> files = Files.walk(module.resolve("src/main/java"))) {
                    for (Path file : files.filter(part -> part.toString().endsWith(".java"))
                            .toList()) {
                        assertThat(DEFAULT_LOCALE
                                        .matcher(Files.readString(file))
                                        .results()
                                        .map(m -> m.group()))
                                .as("%s: data need Locale.ROOT", file)
                                .isEmpty();
                    }
                }
            }
        }
    }
}
