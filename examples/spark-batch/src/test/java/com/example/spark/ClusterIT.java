package com.example.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster whose executors are killed writes the bytes of one JVM without Spark. */
class ClusterIT {

    private static final int ROWS = Integer.getInteger("rows");
    private static final int KILLS = Integer.getInteger("kills");
    private static final long SEED = Long.getLong("seed", System.nanoTime());

    /** An executor is killed up to this time after it began to compute; every fourth one while it starts. */
    private static final int MOST_MILLIS = KILLS > 10 ? 8000 : 2000;

    @TempDir
    private Path directory;

    @Test
    void killedExecutorsChangeNothing() throws IOException, InterruptedException {
        Path model = Rows.model(directory);
        Path table = Rows.write(directory.resolve("rows.jsonl"), ROWS);
        Path log = Path.of(System.getProperty("target"), "cluster.log");
        List<String> options = List.of(
                "--mode", "generate", "--mapped", "--max-tokens", "60", "--input", table.toString(), "--model",
                model.toString(), "--threads", "1", "--output");

        String flags = Cluster.FLAGS + Cluster.SHORT;
        Path plain = directory.resolve("plain.jsonl");
        String expected = Cluster.plain(log, flags, with(options, plain));

        Path output = directory.resolve("output");
        List<String> conf = List.of(
                "spark.sql.files.maxPartitionBytes=" + Files.size(table) / 24,
                "spark.task.maxFailures=100",
                "spark.deploy.maxExecutorRetries=-1");
        Process driver = Cluster.submit(log, 1, 1024, flags, conf, with(options, output));
        int killed = kill(driver, model);
        String seen = Cluster.end(driver, log);

        System.out.println("killed " + killed + " executors, seed " + SEED);
        assertTrue(killed > 0, "no executor was killed before the end; see " + log);
        List<String> lines = Cluster.lines(output);
        assertEquals(Cluster.lines(plain), lines);
        assertEquals(ROWS + Rows.ERRORS.size(), lines.size());
        for (String error : Rows.ERRORS) {
            assertEquals(1, lines.stream().filter(line -> Pattern.compile(error).matcher(line).find()).count(), error);
        }
        assertEquals(Rows.ERRORS.size(), lines.stream().filter(line -> line.contains("\"error\"")).count());
        assertEquals(withoutRate(expected), withoutRate(seen));
        String progress = Files.readString(log, StandardCharsets.ISO_8859_1);
        assertTrue(progress.contains(lines.size() + " rows (" + Rows.ERRORS.size() + " with errors), "), "see " + log);
        assertFalse(progress.contains("0/0 parts"), "see " + log);
        assertTrue(seen.startsWith("{\"rows\":" + lines.size() + ",\"errors\":" + Rows.ERRORS.size() + ","), seen);
    }

    private static List<String> with(List<String> options, Path output) {
        List<String> all = new ArrayList<>(options);
        all.add(output.toString());
        return all;
    }

    private static String withoutRate(String totals) {
        return totals.replaceFirst(",\"rowsPerSecond\".*", "");
    }

    /** Kills executors, one after the other; returns how many there were to kill. */
    private static int kill(Process driver, Path model) throws InterruptedException {
        SplittableRandom random = new SplittableRandom(SEED);
        int killed = 0;
        while (killed < KILLS && driver.isAlive()) {
            boolean starting = killed % 4 == 3;
            List<ProcessHandle> executors = Cluster.executors(driver).stream()
                    .filter(executor -> starting || Cluster.computes(executor, model))
                    .toList();
            if (executors.isEmpty()) {
                Thread.sleep(20);
                continue;
            }
            ProcessHandle one = executors.get(random.nextInt(executors.size()));
            Thread.sleep(random.nextInt(MOST_MILLIS));
            killed += one.isAlive() && driver.isAlive() && one.destroyForcibly() ? 1 : 0;
        }
        return killed;
    }
}
