package com.example.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.qk256.llm.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables in, tables out, in Spark's local mode. */
class TablesIT {

    private static final int ROWS = 60;

    @TempDir
    private static Path directory;

    private static SparkSession spark;
    private static Path model;

    @BeforeAll
    static void start() throws IOException {
        model = Rows.model(directory);
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.port", "0")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.warehouse.dir", directory.resolve("warehouse").toString())
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static Options options(String mode, Path input, String output, String... more) {
        List<String> all = new ArrayList<>(List.of(
                "--mode", mode, "--input", input.toString(), "--model", model.toString(), "--threads", "1", "--output",
                directory.resolve(output).toString()));
        all.addAll(List.of(more));
        return Options.parse(all.toArray(String[]::new));
    }

    /** A column of strings in Parquet may hold bytes that are not UTF-8, which Spark passes on. */
    @Test
    void scoresOfParquetAreThoseOfOneJvm() throws IOException {
        List<Row> rows = new ArrayList<>();
        List<String> texts = Rows.texts(ROWS);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < ROWS; i++) {
            rows.add(RowFactory.create("row " + i, texts.get(i).getBytes(StandardCharsets.UTF_8)));
            lines.append("{\"key\":\"row ").append(i).append("\",\"text\":\"");
            lines.append(texts.get(i).replace("\\", "\\\\").replace("\"", "\\\"")).append("\"}\n");
        }
        rows.add(RowFactory.create("broken", new byte[] {'A', (byte) 0xC3, '('}));
        rows.add(RowFactory.create("long", "fox ".repeat(400).getBytes(StandardCharsets.UTF_8)));
        rows.add(RowFactory.create("null", null));
        rows.add(RowFactory.create("blank", "  ".getBytes(StandardCharsets.UTF_8)));
        StructType columns = new StructType().add("id", DataTypes.StringType).add("tale", DataTypes.BinaryType);
        Dataset<Row> table = spark.createDataFrame(rows, columns);
        Path parquet = directory.resolve("rows.parquet");
        table.select(table.col("id"), table.col("tale").cast("string")).write().parquet(parquet.toString());

        Options here = options(
                "score", parquet, "scores", "--input-format", "parquet", "--key", "id", "--text", "tale", "--parts", "5");
        String seen = Batch.run(spark, here).toJson();

        Path input = Files.writeString(directory.resolve("rows.jsonl"), lines);
        String expected = Plain.run(options("score", input, "scores.jsonl")).toJson();
        assertEquals(value(expected, "perplexity"), value(seen, "perplexity"));
        String stages = inUi("stages");
        assertTrue(stages.contains("SCORE " + parquet + " with " + model), stages);
        assertTrue(stages.matches("(?s).*64 rows \\(4 with errors\\), 3748 tokens, [0-9.]+ rows/s, .*"), stages);
        List<String> all = new ArrayList<>(Cluster.lines(directory.resolve("scores")));
        List<String> broken = all.stream().filter(line -> line.contains("\"error\"")).toList();
        assertEquals(
                List.of(
                        "blank: the text is blank",
                        "broken: the text is not UTF-8: 0xc3 at byte 1",
                        "long: the text has 802 tokens, expected at most 255, as it and its end must fit in the context;"
                                + " shorten it",
                        "null: the text is null"),
                broken.stream()
                        .map(line -> value(line, "key") + ": " + value(line, "error"))
                        .toList());
        all.removeAll(broken);
        assertEquals(Cluster.lines(directory.resolve("scores.jsonl")), all);
    }

    @Test
    void vectorsInParquetAreThoseOfOneJvm() throws IOException {
        Path input = Rows.write(directory.resolve("texts.jsonl"), ROWS);
        Batch.run(spark, options("embed", input, "vectors", "--mapped", "--output-format", "parquet", "--parts", "3"));
        Plain.run(options("embed", input, "vectors.jsonl", "--mapped"));

        List<String> seen = new ArrayList<>();
        for (Row row : spark.read().parquet(directory.resolve("vectors").toString()).collectAsList()) {
            List<Float> numbers = row.isNullAt(4) ? null : row.getList(4);
            float[] vector = numbers == null ? null : new float[numbers.size()];
            for (int i = 0; vector != null && i < vector.length; i++) {
                vector[i] = numbers.get(i);
            }
            Result result = new Result(
                    row.getString(0), row.getString(1), row.getInt(2), row.getAs(3), vector, row.getString(5),
                    row.getString(6), row.getString(7));
            seen.add(new String(result.toJson().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
        }
        String[] sorted = seen.toArray(String[]::new);
        Arrays.sort(sorted);
        assertEquals(Cluster.lines(directory.resolve("vectors.jsonl")), List.of(sorted));
    }

    /** It is no error of the rows. */
    @Test
    void aMissingModelFailsTheJob() throws IOException {
        Path input = Rows.write(directory.resolve("few.jsonl"), 2);
        Options nowhere = options("score", input, "none").at("/no/model.gguf", 1);
        Exception failure = assertThrows(Exception.class, () -> Batch.run(spark, nowhere));
        assertTrue(failure.toString().contains("/no/model.gguf: no such model on this node"), failure.toString());
    }

    /** What Spark's UI shows, as data. */
    private static String inUi(String what) throws IOException {
        String address = spark.sparkContext().uiWebUrl().get() + "/api/v1/applications/"
                + spark.sparkContext().applicationId() + "/" + what;
        try (InputStream in = URI.create(address).toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String value(String json, String name) {
        JsonValue value = ((JsonValue.Fields) JsonValue.parse(json)).get(name).orElseThrow();
        return value instanceof JsonValue.Text text ? text.text() : value.toJson();
    }
}
