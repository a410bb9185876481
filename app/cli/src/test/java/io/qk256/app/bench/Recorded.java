package io.qk256.app.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Results of a recorded run, with a kernel that is wrong at one task. */
public final class Recorded {

    static final BenchTask DEQUANTIZE = new BenchTask("dequantize", "1024", 1, "warm", 1);
    static final BenchTask TO_ARRAY = new BenchTask("dequantize", "1024-array", 1, "warm", 1);
    static final BenchTask GEMV = new BenchTask("gemv-i8", "2560x2560", 1, "cold", 2);

    static final BenchTask GEMM = new BenchTask("gemm-i8", "2560x2560", 16, "cold", 2);

    private static final List<String> VERDICTS = List.of(
            "dequantize:1024:1:warm:1\tquick\tfalse\tbit-exact",
            "dequantize:1024:1:warm:1\tquick\tfalse\tbit-exact",
            "dequantize:1024:1:warm:1\tquick\ttrue\tWRONG: element 1 is 0.0, expected 1.0",
            "dequantize:1024:1:warm:1\tscalar\tfalse\tbit-exact",
            "dequantize:1024-array:1:warm:1\tquick\tfalse\t0.0100 of bound",
            "dequantize:1024-array:1:warm:1\tquick\tfalse\t0.2000 of bound",
            "dequantize:1024-array:1:warm:1\tquick\tfalse\t0.0300 of bound",
            "gemv-i8:2560x2560:1:cold:2\tquick\tfalse\tbit-exact",
            "gemv-i8:2560x2560:1:cold:2\tquick\tfalse\tWRONG: element 3 is 1.0, expected 2.0",
            "gemv-i8:2560x2560:1:cold:2\tquick\tfalse\tbit-exact",
            "gemm-i8:2560x2560:16:cold:2\tquick\tfalse\tbit-exact",
            "read:2560x2560:1:cold:2\t(floor)\tfalse\tAVX2 without prefetch");

    private Recorded() {}

    /** The results of the first kind of JVM. */
    public static BenchResults results() {
        return results(false);
    }

    /** The results of the other kind of JVM. */
    static BenchResults others() {
        return results(true);
    }

    private static BenchResults results(boolean against) {
        JsonObject machine = new JsonObject();
        machine.addProperty("cpu", "Some CPU, 2 threads: avx2");
        machine.addProperty("name", "Some CPU <fast & small>");
        JsonObject jvm = new JsonObject();
        jvm.addProperty("name", "Some VM");
        jvm.addProperty("version", "25");
        JsonArray options = new JsonArray();
        options.add("-XX:-UseSuperWord");
        jvm.add("options", options);
        return JmhResults.read(measured(), VERDICTS, against, machine, jvm);
    }

    private static JsonArray measured() {
        try (InputStream file = Objects.requireNonNull(Recorded.class.getResourceAsStream("jmh.json"))) {
            return JsonParser.parseString(new String(file.readAllBytes(), StandardCharsets.UTF_8))
                    .getAsJsonArray();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static BenchRow row(BenchTask task, String kernel) {
        return results().row(task, kernel).orElseThrow();
    }
}
