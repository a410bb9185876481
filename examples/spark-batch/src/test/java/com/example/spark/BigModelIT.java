package com.example.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.qk256.llm.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Memory and speed, with a model that fits in no cache. */
@EnabledIfSystemProperty(named = "big", matches = ".+")
class BigModelIT {

    /** As the kernel of Linux names it in smaps. */
    private static final Path MODEL = Path.of(System.getProperty("big")).toAbsolutePath().normalize();

    private static final int ROWS = 56;
    private static final int CHARACTERS = 40;
    private static final long MIB = 1 << 20;

    @TempDir
    private Path directory;

    /**
     * The sum over processes, in bytes.
     *
     * @param mapped the file's pages that are mapped
     * @param shared these pages, each divided by the number of processes that have it
     * @param anonymous all other memory
     */
    private record Memory(long mapped, long shared, long anonymous) {

        Memory most(Memory other) {
            return new Memory(
                    Math.max(mapped, other.mapped),
                    Math.max(shared, other.shared),
                    Math.max(anonymous, other.anonymous));
        }
    }

    @Test
    void executorsShareTheWeightsAndAreAsFastAsOneJvm() throws IOException, InterruptedException {
        Path input = rows();
        Path log = Path.of(System.getProperty("target"), "big.log");
        List<String> options = List.of(
                "--mode", "generate", "--mapped", "--max-tokens", "16", "--input", input.toString(), "--model",
                MODEL.toString(), "--output");

        Path plain = directory.resolve("plain.jsonl");
        double oneJvm = rowsPerSecond(Cluster.plain(log, Cluster.FLAGS, with(options, plain, "2")));

        // Two tasks keep the batch of an executor full while one of them ends its part.
        Path output = directory.resolve("output");
        List<String> conf = List.of("spark.sql.files.maxPartitionBytes=" + Files.size(input) / 6);
        Process driver = Cluster.submit(log, 2, 1024, Cluster.FLAGS, conf, with(options, output, "1"));
        Memory memory = new Memory(0, 0, 0);
        while (driver.isAlive()) {
            List<ProcessHandle> executors = Cluster.executors(driver);
            memory = executors.size() == 2 ? memory.most(memory(executors)) : memory;
            driver.waitFor(5, TimeUnit.SECONDS); // Looking at the pages of 1 GB takes the executors' time, too.
        }
        double cluster = rowsPerSecond(Cluster.end(driver, log));

        System.out.printf(
                Locale.ROOT,
                "model %d MiB; two executors: mapped %d MiB, proportional %d MiB, other memory %d MiB%n"
                        + "rows/s: %.3f with two executors of one thread, %.3f in one JVM with two: %.2f%n",
                Files.size(MODEL) / MIB,
                memory.mapped / MIB,
                memory.shared / MIB,
                memory.anonymous / MIB,
                cluster,
                oneJvm,
                cluster / oneJvm);
        assertEquals(Cluster.lines(plain), Cluster.lines(output));
        assertTrue(memory.mapped > 1.8 * Files.size(MODEL), "both have mapped nearly all of it: " + memory);
        assertTrue(memory.shared < 1.02 * Files.size(MODEL), "but there is one copy: " + memory);
        assertTrue(memory.anonymous < Files.size(MODEL) + 2 * 1024 * MIB, "and none elsewhere: " + memory);
        assertTrue(
                cluster > 0.8 * oneJvm,
                cluster + " rows/s, and " + oneJvm + " in one JVM, expected 0.8 of it; was the machine busy with something else?");
    }

    private Path rows() throws IOException {
        List<String> lines = new ArrayList<>();
        for (String text : Rows.texts(ROWS)) {
            String start = text.substring(0, Math.min(text.length(), CHARACTERS));
            JsonValue quoted = new JsonValue.Text(start);
            lines.add("{\"key\":" + lines.size() + ",\"text\":" + quoted.toJson() + "}");
        }
        return Files.write(directory.resolve("rows.jsonl"), lines);
    }

    private static List<String> with(List<String> options, Path output, String threads) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(output.toString(), "--threads", threads));
        return all;
    }

    private static double rowsPerSecond(String totals) {
        JsonValue value = ((JsonValue.Fields) JsonValue.parse(totals)).get("rowsPerSecond").orElseThrow();
        return Double.parseDouble(value.toJson());
    }

    private static Memory memory(List<ProcessHandle> processes) {
        long mapped = 0;
        long shared = 0;
        long anonymous = 0;
        for (ProcessHandle process : processes) {
            Path proc = Path.of("/proc/" + process.pid());
            try {
                boolean ofModel = false;
                for (String line : Files.readAllLines(proc.resolve("smaps"))) {
                    if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                        ofModel = line.endsWith(MODEL.toString());
                    } else if (ofModel) {
                        mapped += kib(line, "Rss:");
                        shared += kib(line, "Pss:");
                    }
                }
                for (String line : Files.readAllLines(proc.resolve("smaps_rollup"))) {
                    anonymous += kib(line, "Pss_Anon:");
                }
            } catch (IOException e) { // It has ended.
                return new Memory(0, 0, 0);
            }
        }
        return new Memory(mapped, shared, anonymous);
    }

    private static long kib(String line, String name) {
        return line.startsWith(name) ? Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 : 0;
    }
}
