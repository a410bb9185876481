package com.example.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import org.apache.spark.SparkFiles;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A Spark application that computes the rows of a table with a model; {@link Options} are its arguments. */
public final class Batch {

    private static final StructType COLUMNS = new StructType()
            .add("key", DataTypes.StringType)
            .add("text", DataTypes.StringType)
            .add("tokens", DataTypes.IntegerType)
            .add("nats", DataTypes.DoubleType)
            .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false))
            .add("kernel", DataTypes.StringType)
            .add("model", DataTypes.StringType)
            .add("error", DataTypes.StringType);

    private Batch() {}

    public static void main(String[] arguments) throws IOException {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "; README.md lists the options");
            System.exit(2);
            return;
        }
        try (SparkSession spark = SparkSession.builder().appName("spark-batch").getOrCreate()) {
            System.out.println(run(spark, options).toJson());
        }
    }

    static Totals run(SparkSession spark, Options options) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        TotalsAccumulator totals = new TotalsAccumulator();
        spark.sparkContext().register(totals, "rows");
        context.setJobDescription(options.mode() + " " + options.input() + " with " + options.model());
        Dataset<Row> rows = input(spark, options);
        if (options.parts() > 0) {
            rows = rows.repartition(options.parts());
        }
        Task task = new Task(options, totals);
        try (ProgressLine progress = new ProgressLine(context.statusTracker(), totals)) {
            progress.start();
            switch (options.outputFormat()) {
                case JSON ->
                    rows.mapPartitions((MapPartitionsFunction<Row, String>) task::lines, Encoders.STRING())
                            .write()
                            .text(options.output());
                case PARQUET ->
                    rows.mapPartitions((MapPartitionsFunction<Row, Row>) task::rows, Encoders.row(COLUMNS))
                            .write()
                            .parquet(options.output());
            }
        }
        return totals.value();
    }

    /** JSON lines have one column of bytes, because {@link InputRow} reads them; other tables have the key and the text. */
    private static Dataset<Row> input(SparkSession spark, Options options) {
        if (options.inputFormat() == Options.Format.JSON) {
            Dataset<Row> lines = spark.read().option("lineSep", "\n").text(options.input());
            return lines.select(lines.col("value").cast("binary"));
        }
        Dataset<Row> table = spark.read().parquet(options.input());
        return table.select(
                table.col(options.keyColumn()).cast("string").cast("binary"),
                table.col(options.textColumn()).cast("string").cast("binary"));
    }

    /** What each task does with its rows. */
    private record Task(Options options, TotalsAccumulator totals) implements java.io.Serializable {

        Iterator<String> lines(Iterator<Row> rows) throws IOException {
            return mapped(results(rows), Result::toJson);
        }

        Iterator<Row> rows(Iterator<Row> rows) throws IOException {
            return mapped(
                    results(rows),
                    result -> RowFactory.create(
                            result.key(),
                            result.text(),
                            result.tokens(),
                            result.nats(),
                            boxed(result.vector()),
                            result.kernel(),
                            result.model(),
                            result.error()));
        }

        private Iterator<Result> results(Iterator<Row> rows) throws IOException {
            RowEngine engine = RowEngine.shared(options.at(modelHere(), threadsHere()));
            totals.begin();
            Iterator<Result> results = engine.results(mapped(rows, this::inputRow));
            return mapped(results, result -> {
                totals.add(result);
                return result;
            });
        }

        private InputRow inputRow(Row row) {
            return row.length() == 1
                    ? InputRow.ofLine(row.getAs(0), options.keyColumn(), options.textColumn())
                    : InputRow.ofColumns(row.getAs(0), row.getAs(1));
        }

        private String modelHere() {
            Path path = Path.of(options.model());
            return Files.exists(path) || path.isAbsolute() ? options.model() : SparkFiles.get(options.model());
        }

        private int threadsHere() {
            return options.threads() > 0
                    ? options.threads()
                    : org.apache.spark.SparkEnv.get()
                            .conf()
                            .getInt("spark.executor.cores", Runtime.getRuntime().availableProcessors());
        }

        private static Float[] boxed(float[] vector) {
            if (vector == null) {
                return null;
            }
            Float[] boxed = new Float[vector.length];
            for (int i = 0; i < boxed.length; i++) {
                boxed[i] = vector[i];
            }
            return boxed;
        }

        private static <A, B> Iterator<B> mapped(Iterator<A> from, java.util.function.Function<A, B> function) {
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return from.hasNext();
                }

                @Override
                public B next() {
                    return function.apply(from.next());
                }
            };
        }
    }
}
