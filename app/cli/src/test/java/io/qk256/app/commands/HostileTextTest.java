package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.qk256.app.cpu.Cpu;
import io.qk256.spi.Contract;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.spi.support.PrintableText;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text from files and plugins contains nothing that a terminal obeys, and is bounded, wherever it is printed. */
class HostileTextTest {

    private static final int LONGEST_LINE = 3200;

    @TempDir
    private Path dir;

    @Test
    void ofFiles() throws Exception {
        String odd = HostileFile.withHostileNames(dir.resolve("odd.gguf"), HostileFile.TEXT)
                .toString();
        String usable = HostileFile.withHostileNames(dir.resolve("usable.gguf"), "bitnet-b1.58")
                .toString();
        String text = Files.writeString(dir.resolve("text"), "Once upon a time").toString();
        String out = dir.resolve("out").toString();
        String[][] commands = {
            {"inspect", odd},
            {"inspect", "--json", odd},
            {"run", "-n", "1", "-m", odd},
            {"run", "-n", "1", "-m", usable},
            {"perplexity", "-f", text, "-m", odd},
            {"check", odd},
            {"check", "--json", odd},
            {"bench-model", "--kernels=scalar", "-m", odd},
            {"bench-serve", "--kernel=scalar", "-m", odd},
            {"dequantize", odd, HostileFile.name(), "-o", out},
            {"dequantize", odd, HostileFile.TEXT, "-o", out},
            {"serve", "--port=0", "--threads=1", "-m", odd},
            {"serve", "--host", HostileFile.TEXT},
            {"serve", "--cors-origin", HostileFile.TEXT},
            {"pull", HostileFile.TEXT},
            {"pull", "hf:some/tales:" + HostileFile.TEXT},
            {"run", "-m", "hf:some/" + HostileFile.TEXT},
            {"convert", odd, "--type=qk256", "-o", out},
            {"explain", HostileFile.TEXT},
            {"run", "--kernel", HostileFile.TEXT},
            {"run", "--" + HostileFile.TEXT},
            {"run", "-m", dir.resolve("no\u001b[2J\nsuch").toString()},
            {"-v", "check", odd, "--cpu-features", HostileFile.TEXT},
        };
        for (String[] command : commands) {
            CommandLineRun run = CommandLineRun.of(command);
            String label = String.join(" ", command).substring(0, 20);
            assertPrintable(label, run.out(), command.length > 1 && command[1].equals("--json"));
            assertPrintable(label, run.err(), false);
            assertThat(run.err()).as(label).doesNotContain("-v shows where");
        }
    }

    @Test
    void ofPlugins() {
        Selection selection = KernelSelector.select(
                List.of(KernelSource.of(new Hostile())), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
        Cpu cpu = new Cpu(HostileFile.TEXT, 1, 1, CpuFeatures.unknown());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Terminal terminal = Terminal.of(InputStream.nullInputStream(), bytes, OutputStream.nullOutputStream());
        KernelReport.print(new Machine(cpu, selection), terminal.out());
        KernelReport.printOrigins(selection, terminal.out());
        terminal.finish();
        assertPrintable("kernels", bytes.toString(StandardCharsets.UTF_8), false);
        JsonObject json = KernelReport.kernel(selection.candidates().getFirst());
        assertThat(json.get("why").getAsString()).hasSizeLessThan(11_000);
        assertThat(json.get("name").getAsString()).hasSizeLessThan(11_000);
    }

    private static void assertPrintable(String label, String text, boolean longLines) {
        assertThat(text.codePoints().filter(c -> c != '\n' && c != '\t' && !PrintableText.isPrintable(c)))
                .as(label)
                .isEmpty();
        if (!longLines) {
            assertThat(text.lines()).as(label).allMatch(line -> line.length() < LONGEST_LINE);
        }
    }

    /** A provider with only hostile texts. */
    private static final class Hostile implements KernelProvider {

        @Override
        public String name() {
            return HostileFile.TEXT;
        }

        @Override
        public String contractVersion() {
            return Contract.VERSION;
        }

        @Override
        public Requirements requirements() {
            return Requirements.NONE;
        }

        @Override
        public int rank() {
            return 1;
        }

        @Override
        public Kernel open() throws KernelUnavailableException {
            throw new KernelUnavailableException(HostileFile.TEXT);
        }
    }
}
