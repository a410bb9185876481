package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.app.bench.BenchFloor;
import io.qk256.app.bench.BenchResults;
import io.qk256.app.bench.BenchRow;
import io.qk256.app.bench.BenchTask;
import io.qk256.app.bench.Kit;
import io.qk256.app.bench.Numbers;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.support.PrintableText;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Measures what the native kernel could do differently on this CPU: other distances and kinds of prefetch, and narrower
 * instruction sets. All give the same bits. The kernel's own choice is the first.
 */
final class BenchAlternatives {

    /** The kernel that has alternatives. */
    static final String KERNEL = "avx2-native";

    private static final double PERCENT = 100;
    private static final String PREFETCH = "-Dqk256.native.prefetch=";
    private static final String TIER = "-Dqk256.native.tier=";
    private static final List<String> DISTANCES =
            List.of("t0:2048", "t0:4096", "t0:10240", "t0:16384", "t2:4096", "t2:8192", "t2:16384", "t2:32768");

    private final List<BenchTask> tasks = new ArrayList<>();
    private final List<String> titles = new ArrayList<>();
    private final List<BenchResults> results = new ArrayList<>();

    /** @param threads the numbers of threads to measure with */
    BenchAlternatives(List<Integer> threads) {
        for (int count : threads) {
            tasks.add(new BenchTask("gemv-i8", "2560x2560", 1, "cold", count));
        }
    }

    List<BenchTask> tasks() {
        return tasks;
    }

    /** The JVM options that make each choice; none for the kernel's own. */
    static List<Optional<String>> choices(List<CpuFeature> features) {
        List<Optional<String>> all = new ArrayList<>();
        all.add(Optional.empty());
        DISTANCES.forEach(distance -> all.add(Optional.of(PREFETCH + distance)));
        if (features.contains(CpuFeature.AVX512_VNNI) || features.contains(CpuFeature.AVX_VNNI)) {
            all.add(Optional.of(TIER + "avx2"));
        }
        if (features.contains(CpuFeature.AVX512_VNNI) && features.contains(CpuFeature.AVX_VNNI)) {
            all.add(Optional.of(TIER + "avx-vnni"));
        }
        return all;
    }

    /** Measures all choices, one after the other. */
    void measure(
            List<Optional<String>> choices, Function<Optional<String>, Kit> kit, JsonObject machine, Terminal terminal)
            throws IOException, InterruptedException {
        for (Optional<String> choice : choices) {
            String title = choice.map(option -> option.substring("-Dqk256.native.".length()))
                    .orElse("the kernel's own choice");
            terminal.say("measuring " + title);
            titles.add(title);
            results.add(kit.apply(choice).run(machine).results());
        }
    }

    /** Whether a result was wrong. */
    boolean isWrong() {
        return results.stream().flatMap(one -> one.rows().stream()).anyMatch(BenchRow::isWrong);
    }

    void print(boolean json, String cpu, PrintWriter out) {
        if (json) {
            Json.print(json(cpu), out);
        } else {
            out.println(PrintableText.line("gemv-i8 2560x2560 by " + KERNEL + ", weights out of cache, on " + cpu));
            out.println();
            out.println(table());
        }
        out.flush();
    }

    private Table table() {
        List<String> header = new ArrayList<>(List.of("choice"));
        for (BenchTask task : tasks) {
            header.add(Plural.of(task.threads(), "thread") + " GB/s");
            header.add("of reading");
        }
        Table table = new Table(header.toArray(String[]::new));
        for (int i = 0; i < titles.size(); i++) {
            List<String> cells = new ArrayList<>(List.of(titles.get(i)));
            for (BenchTask task : tasks) {
                Optional<BenchRow> row = results.get(i).row(task, KERNEL);
                cells.add(row.map(one -> one.isWrong() ? one.checked() : Numbers.of(one.bytesPerSecond() / 1e9))
                        .orElse("-"));
                cells.add(row.map(one -> Math.round(PERCENT / one.timesFloor()) + " %")
                        .orElse("-"));
            }
            table.add(cells.toArray(String[]::new));
        }
        return table;
    }

    private JsonObject json(String cpu) {
        JsonArray rows = new JsonArray();
        for (int i = 0; i < titles.size(); i++) {
            for (BenchTask task : tasks) {
                JsonObject json = new JsonObject();
                json.addProperty("choice", titles.get(i));
                json.addProperty("threads", task.threads());
                results.get(i).row(task, KERNEL).ifPresent(row -> {
                    json.addProperty("bytesPerSecond", row.bytesPerSecond());
                    json.addProperty("checked", row.checked());
                });
                results.get(i)
                        .floor(task)
                        .map(BenchFloor::bytesPerSecond)
                        .ifPresent(rate -> json.addProperty("readBytesPerSecond", rate));
                rows.add(json);
            }
        }
        JsonObject all = new JsonObject();
        all.addProperty("cpu", cpu);
        all.addProperty("kernel", KERNEL);
        all.addProperty("task", "gemv-i8 2560x2560 cold");
        all.add("rows", rows);
        return all;
    }
}
