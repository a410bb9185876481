package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import io.qk256.spi.Operation;
import io.qk256.testing.LongTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranking by measurement, in the packaged application. */
class CalibrateIT {

    @TempDir
    private Path cache;

    private Result run(String... arguments) throws Exception {
        return run(Application.complete(), arguments);
    }

    private Result run(Application application, String... arguments) throws Exception {
        return application
                .withPlugins()
                .environment("QK256_CACHE_DIR", cache.toString())
                .run(arguments);
    }

    private static JsonObject json(Result result) {
        assertThat(result.exit()).as(result.err()).isZero();
        return JsonParser.parseString(result.out()).getAsJsonObject();
    }

    /** Whether a measurement is trusted depends on how busy the machine is; {@code CalibrationTest} uses fixed clocks. */
    private boolean isBelieved(Result result) throws IOException {
        if (json(result).get("ranking").getAsString().equals("measured")) {
            return true;
        }
        assertThat(result.err())
                .contains(
                        "qk256: the kernels are ranked by their declared ranks, because the measurement is not reliable: ");
        try (Stream<Path> files = Files.list(cache)) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".speed.properties"));
        }
        return false;
    }

    @Test
    void measuredRankingIsShownAndRememberedIfItIsBelieved() throws Exception {
        List<String> operations =
                Arrays.stream(Operation.values()).map(Operation::label).toList();
        Result measured = run(Application.complete().optimizing(), "--calibrate", "kernels", "--json");
        JsonObject first = json(measured);
        assertThat(first.getAsJsonObject("selectedFor").keySet()).containsExactlyElementsOf(operations);
        if (!isBelieved(measured)) {
            return;
        }
        assertThat(first.get("remembered").getAsBoolean()).isFalse();
        JsonObject again = json(run(Application.complete().optimizing(), "kernels", "--json", "--calibrate"));
        assertThat(again.get("remembered").getAsBoolean()).isTrue();
        assertThat(again.get("selectedFor")).isEqualTo(first.get("selectedFor"));
        assertThat(again.get("kernels")).isEqualTo(first.get("kernels"));

        Result table = run(Application.complete().optimizing(), "kernels", "--calibrate");
        assertThat(table.out())
                .containsPattern("G weights/s +" + String.join(" +", operations))
                .contains("ranked    by measurement (* the best), remembered from ");
        assertThat(run(Application.complete().optimizing(), "explain", "scalar", "--calibrate")
                        .out())
                .containsPattern("measured remembered from \\S+, G weights/s: dequantize [0-9.]+");
    }

    @LongTest
    @Test
    void boastfulPluginIsSelectedByItsRankOrMeasuredLikeAnyOther() throws Exception {
        Path plugins = cache.resolve("plugins");
        new TestModule("boastful").jar(Application.spi(), cache, plugins);
        JsonObject declared = json(run("kernels", "--json", "--plugins", plugins.toString()));
        assertThat(declared.get("ranking").getAsString()).isEqualTo("declared");
        assertThat(declared.get("selected").getAsString()).isEqualTo("boastful");
        Result measured = run("kernels", "--json", "--calibrate", "--plugins", plugins.toString());
        if (isBelieved(measured)) {
            assertThat(json(measured).getAsJsonArray("kernels").toString()).contains("\"boastful\"");
        } else {
            assertThat(json(measured).get("selected").getAsString()).isEqualTo("boastful");
        }
    }

    /** A model is loaded on all processors. */
    @Test
    void nothingIsLoadedWhileKernelsAreMeasured() throws Exception {
        Path plugins = cache.resolve("plugins");
        Path seen = cache.resolve("seen");
        new TestModule("watching")
                .replacing(
                        "        int code(Qk256Matrix w, int row, int col) {",
                        "        int code(Qk256Matrix w, int row, int col) {\n"
                                + "            if (row == 0 && col == 0 && w.rows() == 16 && w.cols() == 4096) {\n"
                                + "                for (Thread thread : Thread.getAllStackTraces().keySet()) {\n"
                                + "                    if (thread.getName().equals(\"qk256-load\")) {\n"
                                + "                        new java.io.File(\"" + seen + "\").mkdir();\n"
                                + "                    }\n"
                                + "                }\n"
                                + "            }")
                .jar(Application.spi(), cache, plugins);
        Result result = run("--calibrate", "run", "-n", "1", "--plugins", plugins.toString());
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(seen).doesNotExist();
    }

    @LongTest
    @Test
    void theProofRunsOnWhatWasMeasured() throws Exception {
        Result proof = run("--calibrate", "check", "--json");
        assertThat(proof.exit()).as(proof.out() + proof.err()).isZero();
    }

    @Test
    void calibratingAForcedKernelIsWrongUsage() throws Exception {
        Result result = run("--calibrate", "--kernel", "scalar", "kernels");
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err())
                .contains(
                        "--calibrate ranks the kernels, but --kernel scalar ignores ranks;" + " use only one of them");
    }
}
