package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.qk256.app.certificates.Certificate;
import io.qk256.app.certificates.Certificates;
import io.qk256.app.cpu.Cpu;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.Operation;
import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.CpuFeatures.Presence;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.support.PrintableText;
import java.io.File;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Prints the machine and its kernels, for people and for programs. */
final class KernelReport {

    /** Enough digits to tell the files of a machine apart; JSON has all. */
    private static final int SHORT_HASH = 12;

    private KernelReport() {}

    static void print(Machine machine, PrintWriter out) {
        Selection selection = machine.selection();
        out.println("CPU       " + PrintableText.line(describe(machine.cpu())));
        out.println("JVM       " + PrintableText.line(selection.jvm().description()));
        out.println();
        Table table = new Table("kernel", "rank", "state", "why");
        for (Candidate candidate : selection.candidates()) {
            table.add(
                    candidate.name(),
                    candidate.rank().map(String::valueOf).orElse("-"),
                    candidate.state().label() + (certificate(candidate).isPresent() ? ", certified" : ""),
                    Remedies.why(candidate)
                            + candidate.warning().map(text -> "; " + text).orElse(""));
        }
        out.println(table);
        SpeedReport.print(selection, out);
        out.println("selected  " + selected(selection));
        out.flush();
    }

    /** The name of the selected kernel; the names by operation if there are several; "none" if there is none. */
    static String selected(Selection selection) {
        if (Set.copyOf(selection.best().values()).size() < 2) {
            return name(selection.selected());
        }
        return Arrays.stream(Operation.values())
                .map(operation -> operation.label() + " " + name(selection.selected(operation)))
                .collect(Collectors.joining(", "));
    }

    private static String name(Optional<Candidate> candidate) {
        return candidate.map(Candidate::name).map(PrintableText::line).orElse("none");
    }

    /** Prints where each kernel comes from. */
    static void printOrigins(Selection selection, PrintWriter out) {
        Table table = new Table("kernel", "module", "version", "sha256", "from");
        for (Candidate candidate : selection.candidates()) {
            Artifact artifact = candidate.artifact();
            table.add(
                    candidate.name(),
                    artifact.module(),
                    artifact.version().orElse("-"),
                    artifact.sha256().map(hash -> hash.substring(0, SHORT_HASH)).orElse("-"),
                    (artifact.plugin() ? "plugin " : "") + fileName(artifact.origin()));
        }
        out.println();
        out.print(table);
        out.flush();
    }

    private static String fileName(String origin) {
        return origin.substring(origin.lastIndexOf(File.separatorChar) + 1);
    }

    static String describe(Cpu cpu) {
        List<CpuFeature> unknown = cpu.featuresThatAre(Presence.UNKNOWN);
        return cpu.name() + ", "
                + (cpu.physicalCores() > 0 ? cpu.physicalCores() + " cores, " : "")
                + cpu.logicalCores() + " threads: "
                + (cpu.features().toString().isEmpty() ? "no known features" : cpu.features())
                + (unknown.isEmpty() ? "" : "; unknown: " + labels(unknown));
    }

    private static String labels(List<CpuFeature> features) {
        return features.stream().map(CpuFeature::label).collect(Collectors.joining(" "));
    }

    static void printJson(Machine machine, PrintWriter out) {
        Json.print(json(machine), out);
    }

    /** The machine and its kernels, for programs. */
    static JsonObject json(Machine machine) {
        Selection selection = machine.selection();
        JsonObject root = new JsonObject();
        root.add("cpu", cpu(machine.cpu()));
        root.add("jvm", jvm(selection));
        root.add(
                "selected",
                selection
                        .selected()
                        .<JsonElement>map(c -> new JsonPrimitive(Json.bounded(c.name())))
                        .orElse(JsonNull.INSTANCE));
        selection.problem().ifPresent(problem -> root.addProperty("problem", Json.bounded(problem)));
        SpeedReport.addTo(root, selection);
        JsonArray kernels = new JsonArray();
        for (Candidate candidate : selection.candidates()) {
            JsonObject json = kernel(candidate);
            selection.measurement().ifPresent(measurement -> SpeedReport.addTo(json, candidate, measurement));
            kernels.add(json);
        }
        root.add("kernels", kernels);
        return root;
    }

    private static JsonObject cpu(Cpu cpu) {
        JsonObject json = new JsonObject();
        json.addProperty("name", cpu.name());
        json.addProperty("physicalCores", cpu.physicalCores());
        json.addProperty("logicalCores", cpu.logicalCores());
        json.add("features", labelArray(cpu.featuresThatAre(Presence.PRESENT)));
        json.add("unknown", labelArray(cpu.featuresThatAre(Presence.UNKNOWN)));
        return json;
    }

    private static JsonObject jvm(Selection selection) {
        JsonObject json = new JsonObject();
        json.addProperty("description", selection.jvm().description());
        JsonArray missing = new JsonArray();
        selection.jvm().missing().values().stream().sorted().forEach(missing::add);
        json.add("missing", missing);
        return json;
    }

    static JsonObject kernel(Candidate candidate) {
        JsonObject json = new JsonObject();
        json.addProperty("name", Json.bounded(candidate.name()));
        json.add("rank", candidate.rank().<JsonElement>map(JsonPrimitive::new).orElse(JsonNull.INSTANCE));
        json.addProperty("state", candidate.state().label());
        json.addProperty("why", Json.bounded(candidate.why()));
        candidate.remedy().ifPresent(remedy -> json.addProperty("remedy", Remedies.words(remedy)));
        Artifact artifact = candidate.artifact();
        json.addProperty("module", Json.bounded(artifact.module()));
        json.add("version", orNull(artifact.version()));
        json.addProperty("origin", artifact.origin());
        json.addProperty("plugin", artifact.plugin());
        json.add("sha256", orNull(artifact.sha256()));
        json.addProperty("certified", certificate(candidate).isPresent());
        candidate.warning().ifPresent(text -> json.addProperty("warning", Json.bounded(text)));
        return json;
    }

    private static Optional<Certificate> certificate(Candidate candidate) {
        return Certificates.of(candidate.artifact());
    }

    private static JsonElement orNull(Optional<String> text) {
        return text.map(Json::bounded).<JsonElement>map(JsonPrimitive::new).orElse(JsonNull.INSTANCE);
    }

    private static JsonArray labelArray(List<CpuFeature> features) {
        JsonArray array = new JsonArray();
        features.forEach(feature -> array.add(feature.label()));
        return array;
    }
}
