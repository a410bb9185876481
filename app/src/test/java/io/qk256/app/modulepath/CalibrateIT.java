package io.qk256.app.modulepath;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.app.modulepath.Application.Result;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranking by measurement, in the packaged application. */
class CalibrateIT {

    @TempDir
    private Path cache;

    private Result run(String... arguments) throws Exception {
        return Application.complete()
                .withPlugins()
                .environment("QK256_CACHE_DIR", cache.toString())
                .run(arguments);
    }

    private static JsonObject json(Result result) {
        assertThat(result.exit()).as(result.err()).isZero();
        return JsonParser.parseString(result.out()).getAsJsonObject();
    }

    @Test
    void measuredRankingIsShownAndRemembered() throws Exception {
        JsonObject first = json(run("--calibrate", "kernels", "--json"));
        assertThat(first.get("ranking").getAsString()).isEqualTo("measured");
        assertThat(first.get("remembered").getAsBoolean()).isFalse();
        assertThat(first.getAsJsonObject("selectedFor").keySet())
                .containsExactly("dequantize", "gemv-f32", "gemv-i8", "gemm");
        JsonObject again = json(run("kernels", "--json", "--calibrate"));
        assertThat(again.get("remembered").getAsBoolean()).isTrue();
        assertThat(again.get("selectedFor")).isEqualTo(first.get("selectedFor"));
        assertThat(again.get("kernels")).isEqualTo(first.get("kernels"));

        Result table = run("kernels", "--calibrate");
        assertThat(table.out())
                .containsPattern("G weights/s +dequantize +gemv-f32 +gemv-i8 +gemm")
                .contains("ranked    by measurement (* the best), remembered from ");
        assertThat(run("explain", "scalar", "--calibrate").out())
                .containsPattern("measured remembered from \\S+, G weights/s: dequantize [0-9.]+");
    }

    /** Which one measures best is up to the machine; {@code CalibrationTest} has measurements that are given. */
    @Test
    void boastfulPluginIsSelectedByItsRankOrMeasuredLikeAnyOther() throws Exception {
        Path plugins = cache.resolve("plugins");
        new TestModule("boastful").jar(Application.spi(), cache, plugins);
        JsonObject declared = json(run("kernels", "--json", "--plugins", plugins.toString()));
        assertThat(declared.get("ranking").getAsString()).isEqualTo("declared");
        assertThat(declared.get("selected").getAsString()).isEqualTo("boastful");
        JsonObject measured = json(run("kernels", "--json", "--calibrate", "--plugins", plugins.toString()));
        assertThat(measured.get("ranking").getAsString()).isEqualTo("measured");
        assertThat(measured.getAsJsonArray("kernels").toString()).contains("\"boastful\"");
    }

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
                .contains("--calibrate ranks the kernels, and --kernel scalar takes one whatever its rank;"
                        + " ask for one of them only");
    }
}
