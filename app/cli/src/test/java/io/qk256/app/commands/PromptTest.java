package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The model gets exactly what the user wrote, whatever its source. */
class PromptTest {

    @TempDir
    private Path dir;

    private static CommandLineRun write(String input, String... options) {
        String[] all = new String[options.length + 5];
        System.arraycopy(options, 0, all, 5, options.length);
        System.arraycopy(new String[] {"run", "-n", "1", "--temp=0", "--threads=1"}, 0, all, 0, 5);
        return CommandLineRun.withInput(input, all);
    }

    private static void assertPrompt(CommandLineRun run, String prompt) {
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).startsWith(prompt);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@file",
                "@/etc/hostname",
                "\"quoted\"",
                "'quoted'",
                "${sys:user.home}",
                "${env:HOME}",
                "~/x",
                "a,b",
                " a ",
                "a\\b",
                "Café",
                "--x",
                "-x"
            })
    void isTakenAsItIs(String prompt) {
        assertPrompt(write("", "-p=" + prompt), prompt);
        assertPrompt(write("", "--prompt=" + prompt), prompt);
        if (!prompt.startsWith("-")) {
            assertPrompt(write("", "-p", prompt), prompt);
        }
    }

    /** The words of the file were once taken for options. */
    @Test
    void neverNamesAFileOfArguments() throws Exception {
        Path words = Files.writeString(dir.resolve("words"), "--plugins /nowhere --allow-native x");
        assertPrompt(write("", "-p", "@" + words), "@" + words);
        CommandLineRun bare = CommandLineRun.of("run", "@" + words);
        assertThat(bare.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(bare.err()).contains("Unmatched argument").doesNotContain("no such directory");
    }

    @Test
    void isReadFromFilesAndPipes() throws Exception {
        String file = Files.writeString(dir.resolve("prompt"), "\ufeffThe fox\nran\n\n")
                .toString();
        assertPrompt(write("", "-f", file), "The fox\nran\n");
        assertThat(write("", "-f", file).out()).doesNotStartWith("The fox\nran\n\n");
        assertPrompt(write("The owl\r\n", "-f", "-"), "The owl");
        assertThat(write("The owl\r\n", "-f", "-").out()).doesNotContain("\r");
        assertPrompt(write("\ufeffThe owl\n"), "The owl");
        assertPrompt(write(""), "Once upon a time");
        assertPrompt(write(" \n"), "Once upon a time");
        assertPrompt(write("not read", "-p", "The owl"), "The owl");
    }

    @Test
    void isReadFromANamedPipe() throws Exception {
        assumeTrue(Files.exists(Path.of("/bin/sh")), "mkfifo is a command of Unix");
        Path pipe = dir.resolve("pipe");
        Process writer = new ProcessBuilder(
                        "sh", "-c", "mkfifo \"$0\" && echo made && echo The owl > \"$0\"", pipe.toString())
                .start();
        try {
            assertThat(writer.getInputStream().read()).isEqualTo('m');
            assertPrompt(write("", "-f", pipe.toString()), "The owl");
        } finally {
            writer.destroy();
        }
    }

    @Test
    void whatIsNoTextIsRefused() throws Exception {
        Path latin1 = Files.write(dir.resolve("latin1"), "Café".getBytes(StandardCharsets.ISO_8859_1));
        Path utf16 = Files.write(dir.resolve("utf16"), "\ufeffCafé".getBytes(StandardCharsets.UTF_16LE));
        assertRefused(write("", "-f", latin1.toString()), latin1 + ": is not text in UTF-8; convert it");
        assertRefused(write("", "-f", utf16.toString()), utf16 + ": is text in UTF-16, expected UTF-8; convert it");
        assertRefused(write("", "-f", dir.toString()), dir + ": is a directory, expected text");
        assertRefused(write("", "-p", "Caf\ufffd\ufffd"), "holds bytes that are not text in this locale");
    }

    @Test
    void answersToAChatAreOneForEachLine() {
        CommandLineRun chat = write("\ufeffThe fox\nThe owl\n", "--chat");
        assertThat(chat.exit()).as(chat.err()).isZero();
        assertThat(chat.out().lines()).hasSize(2);
    }

    private static void assertRefused(CommandLineRun run, String message) {
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(message);
    }
}
