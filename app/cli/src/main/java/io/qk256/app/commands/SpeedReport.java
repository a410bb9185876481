package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.spi.Operation;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Measurement;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.Speed;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Prints how kernels were ranked, and the measurements behind it. */
final class SpeedReport {

    private SpeedReport() {}

    static void print(Selection selection, PrintWriter out) {
        selection
                .measurement()
                .ifPresentOrElse(
                        measurement -> print(selection, measurement, out),
                        () -> out.println("ranked    as declared; --calibrate measures"));
    }

    private static void print(Selection selection, Measurement measurement, PrintWriter out) {
        Table table = new Table(Stream.concat(
                        Stream.of("G weights/s"),
                        Arrays.stream(Operation.values()).map(Operation::label))
                .toArray(String[]::new));
        for (Candidate candidate : selection.candidates()) {
            if (candidate.kernel().isPresent()) {
                table.add(Stream.concat(
                                Stream.of(candidate.name()),
                                Arrays.stream(Operation.values())
                                        .map(operation -> cell(selection, measurement, candidate, operation)))
                        .toArray(String[]::new));
            }
        }
        out.println(table);
        out.println(
                "ranked    by measurement (* the best), " + when(measurement) + ": one thread, weights in the caches");
    }

    private static String cell(Selection selection, Measurement measurement, Candidate candidate, Operation operation) {
        return measurement
                        .speed(candidate.name(), operation)
                        .map(SpeedReport::figure)
                        .orElse("failed")
                + (candidate.name().equals(selection.best().get(operation)) ? " *" : "");
    }

    private static String figure(Speed speed) {
        double giga = speed.weightsPerSecond() / 1e9;
        return String.format(Locale.ROOT, giga < 10 ? "%.2f" : "%.1f", giga);
    }

    private static String when(Measurement measurement) {
        return measurement.remembered() ? "remembered from " + measurement.date() : "now";
    }

    /** The measurements of one kernel, in one line. */
    static String line(Selection selection, Measurement measurement, Candidate candidate) {
        return "measured " + when(measurement) + ", G weights/s: "
                + Arrays.stream(Operation.values())
                        .map(operation -> operation.label() + " " + cell(selection, measurement, candidate, operation))
                        .collect(Collectors.joining(", "));
    }

    /** Adds how the selection ranked. */
    static void addTo(JsonObject root, Selection selection) {
        root.addProperty("ranking", selection.measurement().isPresent() ? "measured" : "declared");
        selection.measurement().ifPresent(measurement -> {
            root.addProperty("measured", measurement.date());
            root.addProperty("remembered", measurement.remembered());
        });
        JsonObject best = new JsonObject();
        for (Operation operation : Operation.values()) {
            selection
                    .selected(operation)
                    .ifPresent(candidate -> best.addProperty(operation.label(), Json.bounded(candidate.name())));
        }
        root.add("selectedFor", best);
    }

    /** Adds the measurements of a kernel. */
    static void addTo(JsonObject kernel, Candidate candidate, Measurement measurement) {
        JsonObject speeds = new JsonObject();
        for (Operation operation : Operation.values()) {
            measurement
                    .speed(candidate.name(), operation)
                    .ifPresent(speed -> speeds.addProperty(operation.label(), Math.round(speed.weightsPerSecond())));
        }
        kernel.add("weightsPerSecond", speeds);
    }
}
