package com.example.spark;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The same rows in one JVM, without Spark: {@code Plain --mode MODE --input FILE.jsonl --output FILE.jsonl --model FILE.gguf}. For
 * tables that one machine computes soon enough, and to check what a cluster does.
 */
public final class Plain {

    private Plain() {}

    public static void main(String[] arguments) throws IOException {
        System.out.println(run(Options.parse(arguments)).toJson());
    }

    static Totals run(Options given) throws IOException {
        int cores = given.threads() == 0 ? Runtime.getRuntime().availableProcessors() : given.threads();
        Options options = given.at(given.model(), cores);
        Totals totals = new Totals();
        try (RowEngine engine = RowEngine.open(options);
                BufferedWriter out = Files.newBufferedWriter(Path.of(options.output()))) {
            totals.begin();
            Iterator<Result> results = engine.results(lines(Path.of(options.input())).stream()
                    .map(line -> InputRow.ofLine(line, options.keyColumn(), options.textColumn()))
                    .iterator());
            while (results.hasNext()) {
                Result result = results.next();
                totals.add(result);
                out.write(result.toJson());
                out.write('\n');
            }
        }
        return totals;
    }

    /** The lines as bytes: they may not be text. */
    private static List<byte[]> lines(Path path) throws IOException {
        byte[] all = Files.readAllBytes(path);
        List<byte[]> lines = new ArrayList<>();
        for (int from = 0, to; from < all.length; from = to + 1) {
            for (to = from; to < all.length && all[to] != '\n'; to++) {}
            lines.add(java.util.Arrays.copyOfRange(all, from, to));
        }
        return lines;
    }
}
