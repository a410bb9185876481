package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.gguf.TensorType;
import io.qk256.gguf.layout.TensorRows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents and the help say of commands, types and the version is so. */
class DocumentsTest {

    private static final Path CHECKOUT = Path.of("..", "..");
    private static final Pattern VERSION = Pattern.compile("<version>(.*)</version>");
    private static final Pattern EXAMPLES_VERSION = Pattern.compile("<qk256.version>(.*)</qk256.version>");
    private static final Pattern TOLD_VERSION = Pattern.compile("the version `(.*?)`");

    /** A command line in a document: up to the end of the line, of the inline code, or a comment. */
    private static final Pattern COMMAND_LINE = Pattern.compile("qk256 ([^`#|\n]*)");

    /** A row of a table that is about a command. */
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `\\./qk256 ([a-z-]+)[^|]*\\|(.*)$");

    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z0-9-]*");

    private final Map<String, String> helps = new HashMap<>();

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The files of this name in the directories of a directory. */
    private static List<Path> below(String directory, String name) throws IOException {
        try (Stream<Path> directories = Files.list(CHECKOUT.resolve(directory))) {
            return directories
                    .map(each -> each.resolve(name))
                    .filter(Files::isRegularFile)
                    .toList();
        }
    }

    private static List<Path> documents() throws IOException {
        List<Path> all = new ArrayList<>(below("examples", "README.md"));
        for (String name : List.of("README.md", "CONTRIBUTING.md", "SPEC.md")) {
            all.add(CHECKOUT.resolve(name));
        }
        try (Stream<Path> docs = Files.list(CHECKOUT.resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).forEach(all::add);
        }
        return all;
    }

    private static String first(Pattern pattern, Path file) {
        return pattern.matcher(read(file))
                .results()
                .map(found -> found.group(1))
                .findFirst()
                .orElse("none in " + file);
    }

    /** {@code .ci/version} changes them all. */
    @Test
    void everythingHasTheVersionOfTheProject() throws IOException {
        String version = first(VERSION, CHECKOUT.resolve("pom.xml"));
        List<Path> poms = new ArrayList<>(below("", "pom.xml"));
        poms.addAll(below("app", "pom.xml"));
        assertThat(poms)
                .hasSizeGreaterThan(10)
                .allSatisfy(pom -> assertThat(first(VERSION, pom)).isEqualTo(version));
        assertThat(below("examples", "pom.xml"))
                .hasSizeGreaterThan(5)
                .allSatisfy(pom -> assertThat(first(EXAMPLES_VERSION, pom)).isEqualTo(version));
        assertThat(first(TOLD_VERSION, CHECKOUT.resolve("docs/engine-author.md")))
                .isEqualTo(version);
    }

    @Test
    void theReadmeHasTheCommandsAndTheExitCodesOfTheHelp() {
        String help = CommandLineRun.of("--help").out();
        String readme = read(CHECKOUT.resolve("README.md"));
        String commands = help.substring(help.indexOf("Commands:"), help.indexOf("Exit codes:"));
        Pattern.compile("(?m)^  ([a-z-]+) ")
                .matcher(commands)
                .results()
                .map(found -> found.group(1))
                .filter(name -> !List.of("help", "version").contains(name))
                .forEach(name -> assertThat(readme).contains("\n| `./qk256 " + name));
        String codes = help.substring(help.indexOf("Exit codes:")).replaceAll("\\s+", " ");
        String told = readme.replaceAll("\\s+", " ").replace("`", "");
        String expected = codes.strip().replaceAll(" (\\d+ [a-zC])", "; $1").replace("Exit codes:;", "Exit codes:");
        assertThat(told).contains(expected + ".");
    }

    @Test
    void theHelpOfDequantizeHasEveryTypeThatCanBeRead() {
        String help = CommandLineRun.of("dequantize", "--help").out().replaceAll("\\s+", " ");
        String types = help.substring(help.indexOf("Types: ") + "Types: ".length());
        List<String> readable = Arrays.stream(TensorType.values())
                .filter(type -> TensorRows.refusal(type).isEmpty())
                .map(type -> type.label().split(" ", 2)[0])
                .distinct()
                .toList();
        assertThat(types.substring(0, types.indexOf('.')).split(", ")).containsExactlyInAnyOrderElementsOf(readable);
    }

    /** An option that a document names beside a command is in the help of that command. */
    @Test
    void everyOptionOfTheDocumentsExists() throws IOException {
        int checked = 0;
        for (Path document : documents()) {
            String text = read(document).replaceAll("\\\\\n *", "");
            for (MatchResult line : COMMAND_LINE.matcher(text).results().toList()) {
                checked += check(document, line.group(1).strip().split(" ", 2)[0], line.group(1));
            }
            for (MatchResult row : ROW.matcher(text).results().toList()) {
                checked += check(document, row.group(1), row.group(2));
            }
        }
        assertThat(checked).isGreaterThan(100);
    }

    private int check(Path document, String word, String options) {
        String command = word.matches("[a-z-]*[a-z]") && !word.startsWith("-") ? word : "";
        String help = helps.computeIfAbsent(command, DocumentsTest::help);
        List<String> named =
                OPTION.matcher(options).results().map(MatchResult::group).toList();
        for (String option : named) {
            assertThat(help)
                    .as("%s: qk256 %s", document, options)
                    .containsPattern(Pattern.quote(option) + "(?![\\w-])");
        }
        return named.size();
    }

    private static String help(String command) {
        CommandLineRun run = command.isEmpty() ? CommandLineRun.of("--help") : CommandLineRun.of(command, "--help");
        return run.out().replaceAll("--\\[no-\\]([a-z-]+)", "--$1 --no-$1");
    }
}
