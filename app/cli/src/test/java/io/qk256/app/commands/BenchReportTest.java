package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.qk256.app.bench.BenchJson;
import io.qk256.app.bench.Change;
import io.qk256.app.bench.Recorded;
import io.qk256.app.commands.BenchReport.Format;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class BenchReportTest {

    private static String print(Format format) {
        StringWriter text = new StringWriter();
        BenchReport.print(Recorded.results(), format, new PrintWriter(text));
        return text.toString();
    }

    @Test
    void tableShowsSpeedAndCorrectnessSideBySide() {
        assertThat(print(Format.TABLE))
                .contains("CPU       Some CPU, 2 threads: avx2")
                .contains("JVM       Some VM 25, -XX:-UseSuperWord")
                .containsPattern("(?m)^fill +1024 +1 +warm +1 +\\(floor\\) +20\\.0 ns +2\\.5 % +- +205 +- +- +-$")
                .containsPattern(
                        "(?m)^dequantize +1024 +1 +warm +1 +quick +40\\.0 ns +2\\.5 % +25\\.6 +6\\.40 +2\\.00 +15\\.0"
                                + " +bit-exact$")
                .containsPattern("(?m)^dequantize +1024 +1 +warm +1 +scalar +600 ns +\\? +1\\.71 ")
                .containsPattern("(?m)^gemv-i8 +2560x2560 +1 +cold +2 +quick +62\\.5 us .*WRONG: element 3")
                .containsPattern("(?m)^gemm-i8 +2560x2560 +16 +cold +2 +quick +500 us .* 210 +3\\.28 +10\\.0 ");
    }

    @Test
    void markdownHasARowForEachRow() {
        assertThat(print(Format.MD).lines().filter(line -> line.startsWith("| ")))
                .hasSize(2 + 2 + 5)
                .contains(
                        "| dequantize | 1024 | 1 | warm | 1 | quick | 40.0 ns | 2.5 % | 25.6 | 6.40 | 2.00 | 15.0 | bit-exact"
                                + " |");
    }

    @Test
    void csvQuotesTextWithCommas() {
        assertThat(print(Format.CSV).lines())
                .hasSize(1 + 5)
                .startsWith("operation,shape,columns,mode,threads,kernel,nanoseconds,error,weightsPerSecond,"
                        + "bytesPerSecond,timesFloor,timesScalar,checked")
                .anyMatch(line -> line.startsWith("dequantize,1024,1,warm,1,scalar,600.0,,"))
                .anyMatch(line -> line.endsWith(",\"WRONG: element 3 is 1.0, expected 2.0\""));
    }

    @Test
    void jsonIsWhatIsKept() {
        assertThat(JsonParser.parseString(print(Format.JSON))).isEqualTo(BenchJson.write(Recorded.results()));
    }

    @Test
    void changesHavePercentIntervalAndVerdict() {
        StringWriter text = new StringWriter();
        BenchReport.printChanges("main", Change.between(Recorded.results(), Recorded.results()), new PrintWriter(text));
        assertThat(text.toString())
                .containsPattern(
                        "(?m)^dequantize 1024 warm +quick +40\\.0 ns +40\\.0 ns +\\+0\\.0 % +3\\.5 % +no change$")
                .containsPattern("(?m)^gemv-i8 2560x2560 cold, 2 threads +quick +62\\.5 us");
    }
}
