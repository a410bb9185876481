package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The benchmarks of the packaged application, as short as possible. The figures may be anything: these tests look only at
 * their form; {@code BenchVerdictTest} tests verdicts on given measurements.
 */
class BenchIT {

    @TempDir
    private Path directory;

    private static Application application() throws IOException {
        Path kit = Path.of(System.getProperty("qk256.target", "target"), "qk256/lib/kit");
        return Application.complete().jvm("-Dqk256.kit.modules=" + kit);
    }

    private Result bench(Application application, String kernel, String shape, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("bench", "--quick", "--time=10", "-o", "json"));
        arguments.addAll(List.of("--kernels=" + kernel, "--shapes=" + shape));
        arguments.add("--dir=" + directory);
        arguments.add("--jvm-option=" + Application.SIMPLE_COMPILER); // The figures are of no interest.
        arguments.addAll(List.of(more));
        Result result = application.run(arguments.toArray(String[]::new));
        assertThat(result.warnings()).isEmpty();
        return result;
    }

    @Test
    void measuresChecksKeepsDrawsAndCompares() throws Exception {
        Path picture = directory.resolve("speed.svg");
        Result result = bench(application(), "scalar", "64", "--save=now", "--plot=" + picture);
        assertThat(result.exit()).as(result.err()).isZero();
        JsonObject json = JsonParser.parseString(result.out()).getAsJsonObject();
        JsonArray rows = json.getAsJsonArray("rows");
        assertThat(rows).hasSize(1);
        JsonObject row = rows.get(0).getAsJsonObject();
        assertThat(row.get("operation").getAsString()).isEqualTo("dequantize");
        assertThat(row.get("kernel").getAsString()).isEqualTo("scalar");
        assertThat(row.get("checked").getAsString()).isEqualTo("bit-exact");
        assertThat(row.get("nanoseconds").getAsDouble()).isPositive();
        assertThat(row.get("timesScalar").getAsDouble()).isEqualTo(1);
        assertThat(json.getAsJsonArray("floors")).hasSize(1);
        assertThat(json.getAsJsonObject("jvm").get("version").getAsString()).isNotEmpty();
        assertThat(result.err()).contains("[1/2] fill 64 warm, 1 thread").contains("[2/2] dequantize 64 warm");
        Path kept = directory.resolve("now.json");
        assertThat(Files.readString(kept).strip()).isEqualTo(result.out().strip());
        assertThat(Files.readString(picture)).startsWith("<svg ");

        Result again = bench(application(), "scalar", "64", "--compare=now", "--rounds=2");
        assertThat(again.err()).containsPattern("dequantize 64 warm +scalar .* (better|worse|no change)");
        assertSameVerdict(again);
    }

    /** Whether something counts as worse depends on the noise of such a short run; the exit code must agree. */
    private static void assertSameVerdict(Result result) {
        assertThat(result.exit()).as(result.err()).isEqualTo(result.err().contains(" worse") ? 4 : 0);
    }

    @Test
    void kernelsWithNativeCodeAreMeasuredWithoutAWarning() throws Exception {
        Application application = application();
        String compiler = "--jvm-option=" + Application.SIMPLE_COMPILER;
        Result result = application.run("bench", "--quick", "--time=1", "--shapes=64", "--dir=" + directory, compiler);
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.warnings()).isEmpty();
    }

    @Test
    void optionThatTheJvmDoesNotKnowIsSaid() throws Exception {
        Result result = bench(application(), "scalar", "64", "--jvm-option=-XX:NoSuchOption");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err())
                .contains("NoSuchOption")
                .contains("the benchmarks ended with exit code 1; the reason is above");
    }

    @Test
    void slowerBuildIsToldFromTheOtherOneInTurns() throws Exception {
        String code =
                "return (w.codes().get(ValueLayout.JAVA_BYTE, row * w.rowStride() + col / 4) >> 2 * (col % 4) & 3);";
        String wait = "for (int i = 0; i < 40; i++) { Thread.onSpinWait(); } ";
        Path other = new TestModule("steady").compile(Application.spi(), directory.resolve("other"));
        Path slow = new TestModule("steady").replacing(code, wait + code).compile(Application.spi(), directory);
        Result result = bench(application().with(slow), "steady", "64", "--against=" + other);
        assertSameVerdict(result);
        assertThat(result.err())
                .containsPattern("(?s)\\[2/6\\] [^\\n]*steady  .*\\[3/6\\] [^\\n]*steady, the other"
                        + ".*\\[4/6\\] [^\\n]*steady, the other.*\\[5/6\\] [^\\n]*steady  ")
                .containsPattern("dequantize 64 warm +steady .* [-+][0-9.]+ % +[0-9.]+ % +(better|worse|no change)");
    }

    @Test
    void columnsAndThreadsAreMeasuredAndChecked() throws Exception {
        Result result = bench(
                application(),
                "scalar",
                "512x2048",
                "--operations=gemv-i8,gemm-i8",
                "--columns=1,2",
                "--threads=2",
                "--jvm-option=-Dqk256.bench.test=1");
        assertThat(result.exit()).as(result.err()).isZero();
        JsonObject json = JsonParser.parseString(result.out()).getAsJsonObject();
        assertThat(json.getAsJsonObject("jvm").getAsJsonArray("options").toString())
                .isEqualTo("[\"" + Application.SIMPLE_COMPILER + "\",\"-Dqk256.bench.test=1\"]");
        JsonArray rows = json.getAsJsonArray("rows");
        assertThat(rows).hasSize(2);
        for (int i = 0; i < 2; i++) {
            JsonObject row = rows.get(i).getAsJsonObject();
            assertThat(row.get("shape").getAsString()).isEqualTo("512x2048");
            assertThat(row.get("operation").getAsString()).isEqualTo(i == 0 ? "gemv-i8" : "gemm-i8");
            assertThat(row.get("columns").getAsInt()).isEqualTo(i + 1);
            assertThat(row.get("threads").getAsInt()).isEqualTo(2);
            assertThat(row.get("checked").getAsString()).isEqualTo("bit-exact");
            double seconds = row.get("nanoseconds").getAsDouble() / 1e9;
            assertThat(row.get("weightsPerSecond").getAsDouble() * seconds)
                    .isCloseTo((i + 1) * 512 * 2048.0, withinPercentage(1e-6));
            assertThat(row.get("bytesPerSecond").getAsDouble() * seconds)
                    .isCloseTo(512 * 2048 / 4.0, withinPercentage(1e-6));
        }
        JsonObject floor = json.getAsJsonArray("floors").get(0).getAsJsonObject();
        assertThat(floor.get("operation").getAsString()).isEqualTo("read");
        assertThat(floor.get("threads").getAsInt()).isEqualTo(2);
    }

    @Test
    void wrongKernelIsShownAndFails() throws Exception {
        String code =
                "return (w.codes().get(ValueLayout.JAVA_BYTE, row * w.rowStride() + col / 4) >> 2 * (col % 4) & 3);";
        Path wrong = new TestModule("wrong-in-wide-rows")
                .replacing(code, code.replace("return", "int code =") + " return col == 700 ? code ^ 1 : code;")
                .compile(Application.spi(), directory);
        Result result = bench(application().with(wrong), "wrong-in-wide-rows", "1024");
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out()).contains("\"checked\": \"WRONG: element 700 is ");
        assertThat(result.err()).contains("qk256: dequantize 1024 warm, wrong-in-wide-rows: WRONG: element 700");
    }

    /** {@code WrongUsageTest} has more, without a process for each. */
    @Test
    void wrongUsageIsAnsweredBeforeAnythingIsMeasured() throws Exception {
        Result result = application().run("bench", "--against=" + directory);
        assertThat(result.exit()).as(result.err()).isEqualTo(2);
        assertThat(result.err()).contains("it holds no module").doesNotContain("[1/");
    }

    @Test
    void missingKitIsNamed() throws Exception {
        Result result =
                Application.complete().jvm("-Dqk256.kit.modules=nowhere").run("bench");
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).contains("got 'nowhere'; start the application with its script, bin/qk256");
    }
}
