package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.qk256.app.bench.BenchResults;
import io.qk256.app.bench.BenchRow;
import io.qk256.app.bench.BenchTask;
import io.qk256.app.bench.Timing;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Verdicts on given measurements. */
class BenchVerdictTest {

    private static final BenchTask TASK = new BenchTask("dequantize", "64", 1, "warm", 1);

    private final StringWriter changes = new StringWriter();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final BenchVerdict verdict = new BenchVerdict(
            new PrintWriter(changes), Terminal.of(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err));

    private static BenchResults results(double nanoseconds, double error) {
        return results(nanoseconds, error, "bit-exact", "a CPU");
    }

    private static BenchResults results(double nanoseconds, double error, String checked, String cpu) {
        JsonObject machine = new JsonObject();
        machine.addProperty("cpu", cpu);
        BenchRow row = new BenchRow(TASK, "k", new Timing(nanoseconds, error, List.of()), 1, 1, checked);
        return new BenchResults(machine, new JsonObject(), List.of(), List.of(row));
    }

    private void check(BenchResults results) {
        verdict.check(results, List.of(TASK), List.of("k"), "");
    }

    @Test
    void slowerThanKeptResultsIsARegression() {
        check(results(120, 1));
        verdict.compareWithKept("main", results(120, 1), results(100, 1));
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.REGRESSION);
        assertThat(changes.toString()).containsPattern("dequantize 64 warm +k +100 ns +120 ns +\\+20\\.0 % .* worse");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void fasterOrWithinNoiseIsNone() {
        check(results(100, 1));
        verdict.compareWithKept("slow", results(100, 1), results(120, 1));
        verdict.compareWithKept("noisy", results(100, 1), results(80, 30));
        verdict.compareWithKept("unknown", results(100, 1), results(80, Double.NaN));
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(changes.toString()).contains("better", "no change").doesNotContain("worse");
    }

    @Test
    void oneComparisonOfSeveralIsEnough() {
        verdict.compare("slow", results(100, 1), results(80, 1));
        verdict.compare("same", results(100, 1), results(100, 1));
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.REGRESSION);
    }

    @Test
    void aWrongOrMissingResultCountsMoreThanASlowOne() {
        verdict.compare("other", results(120, 1), results(100, 1));
        BenchResults wrong = results(120, 1, BenchRow.WRONG + ": element 1 is 2.0", "a CPU");
        verdict.check(wrong, List.of(TASK), List.of("k", "absent"), "with other, ");
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.FAILED);
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "qk256: with other, dequantize 64 warm, k: WRONG: element 1 is 2.0",
                        "qk256: with other, dequantize 64 warm, absent: the measurement failed; the reason is above");
    }

    @Test
    void resultsOfAnotherMachineAreComparedWithAWord() {
        verdict.compareWithKept("main", results(100, 1), results(100, 1, "bit-exact", "another CPU"));
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains(
                        "qk256: 'main' was measured on another machine, or with another JVM or settings: {\"cpu\":\"another CPU\"}");
    }

    @Test
    void nothingInCommonIsSaid() {
        BenchResults empty = new BenchResults(new JsonObject(), new JsonObject(), List.of(), List.of());
        verdict.compare("main", results(100, 1), empty);
        assertThat(verdict.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("qk256: 'main' has none of these tasks; nothing was compared");
    }
}
