package io.qk256.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.qk256.spi.support.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchResultsTest {

    @Test
    void rowsAreRatedByTheFloorAndTheScalarKernelOfTheirTask() {
        BenchRow row = Recorded.row(Recorded.DEQUANTIZE, "quick");
        assertThat(row.timesFloor()).isEqualTo(2);
        assertThat(row.timesScalar()).isEqualTo(15);
        assertThat(row.weightsPerSecond()).isEqualTo(1024 / 40e-9);
        assertThat(row.bytesPerSecond()).isEqualTo(256 / 40e-9);
        assertThat(Recorded.row(Recorded.TO_ARRAY, "quick").timesFloor()).isEqualTo(4);
        assertThat(Recorded.row(Recorded.TO_ARRAY, "quick").timesScalar()).isNaN();
    }

    @Test
    void threadsShareAMatrixAndItsFloor() {
        BenchRow row = Recorded.row(Recorded.GEMV, "quick");
        assertThat(row.timing()).isEqualTo(new Timing(62_500, 2_000, List.of(62_500.0)));
        assertThat(row.weightsPerSecond()).isEqualTo(2560 * 2560 / 62_500e-9);
        assertThat(row.timesFloor()).isEqualTo(1.25);
    }

    @Test
    void aFloorSaysHowItWasMeasured() {
        assertThat(Recorded.results().floors().stream()
                        .map(floor -> floor.task().argument() + " " + floor.way()))
                .contains("read:2560x2560:1:cold:2 AVX2 without prefetch");
    }

    @Test
    void everyColumnCounts() {
        BenchRow row = Recorded.row(Recorded.GEMM, "quick");
        assertThat(row.weightsPerSecond()).isEqualTo(2560 * 2560 * 16 / 500_000e-9);
        assertThat(row.bytesPerSecond()).isEqualTo(2560 * 2560 / 4 / 500_000e-9);
        assertThat(row.timesFloor()).isEqualTo(10);
    }

    @Test
    void theWorstVerdictCounts() {
        assertThat(Recorded.row(Recorded.DEQUANTIZE, "quick").checked()).isEqualTo("bit-exact");
        assertThat(Recorded.row(Recorded.TO_ARRAY, "quick").checked()).isEqualTo("0.2000 of bound");
        assertThat(Recorded.row(Recorded.GEMV, "quick").checked()).startsWith("WRONG: element 3");
        assertThat(Recorded.row(Recorded.GEMV, "quick").isWrong()).isTrue();
    }

    @Test
    void jsonHasTheDocumentedShapeAndReadsBackTheSame() {
        JsonObject json = BenchJson.write(Recorded.results());
        assertThat(json.keySet()).containsExactly("machine", "jvm", "floors", "rows");
        JsonObject row = json.getAsJsonArray("rows").get(1).getAsJsonObject();
        assertThat(row.keySet())
                .containsExactly(
                        "operation",
                        "shape",
                        "columns",
                        "mode",
                        "threads",
                        "kernel",
                        "nanoseconds",
                        "error",
                        "weightsPerSecond",
                        "bytesPerSecond",
                        "timesFloor",
                        "timesScalar",
                        "checked");
        assertThat(row.get("error").isJsonNull()).isTrue();
        assertThat(BenchJson.write(BenchJson.read(JsonParser.parseString(json.toString()))))
                .isEqualTo(json);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "{}", "{\"machine\":{},\"jvm\":{},\"floors\":[],\"rows\":[{}]}", "3"})
    void otherJsonIsRefused(String text) {
        JsonElement json = JsonParser.parseString(text);
        assertThatThrownBy(() -> BenchJson.read(json))
                .isInstanceOf(JsonParseException.class)
                .hasMessageContaining("expected results of qk256 bench");
    }

    @Test
    void keptResultsAreFoundAgain(@TempDir Path directory) throws IOException {
        Baselines baselines = new Baselines(directory.resolve("a/b"));
        baselines.save("main", Recorded.results());
        assertThat(BenchJson.write(baselines.load("main"))).isEqualTo(BenchJson.write(Recorded.results()));
        assertThatThrownBy(() -> baselines.load("mian"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no results are named 'mian'")
                .hasMessageContaining("there are: main");
    }

    @Test
    void damagedResultsAreNamed(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("main.json"), "{\"rows\": [");
        assertThatThrownBy(() -> new Baselines(directory).load("main"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("main.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../x", "a/b", ".hidden", "a b"})
    void namesStayInTheDirectory(String name) {
        assertThatThrownBy(() -> Baselines.requireName(name)).hasMessageContaining("'" + name + "' is not a name");
    }
}
