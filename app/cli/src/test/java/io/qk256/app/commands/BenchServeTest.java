package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BenchServeTest {

    private static final String[] SMALL = {"bench-serve", "--threads=1", "--tokens=4", "--prefix=40"};

    @Test
    void measuresTheServerForPeople() {
        CommandLineRun run = CommandLineRun.of(with("--clients=2"));
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("the embedded model on ")
                .containsPattern(row("one client", "t/s", "x"))
                .containsPattern(row("2 clients at once", "t/s", "x"))
                .containsPattern(row("the same beside 1 that get answers", "(ms|us)", "x"))
                .containsPattern(row("the same if only its last word is new", "(ms|us)", "x sooner"));
    }

    @Test
    void measuresItForPrograms() {
        CommandLineRun run = CommandLineRun.of(with("--clients=1", "--json"));
        assertThat(run.exit()).as(run.err()).isZero();
        JsonObject result = JsonParser.parseString(run.out()).getAsJsonObject();
        assertThat(result.get("clients").getAsInt()).isEqualTo(1);
        assertThat(result.get("longPromptTokens").getAsInt()).isGreaterThanOrEqualTo(40);
        assertThat(result.has("tokensPerSecondOfOneClient")).isTrue();
        assertThat(result.get("firstTokenOfLongPromptMilliseconds").getAsDouble())
                .isPositive();
        assertThat(result.get("firstTokenBesideOthersMilliseconds").isJsonNull())
                .as("there are no others")
                .isTrue();
    }

    /** A dash stands for what answers as short as these may not show. */
    private static String row(String what, String unit, String compared) {
        return "(?m)^" + what + " +([0-9.]+|-) " + unit + " +([0-9.]+|-) " + compared + "$";
    }

    private static String[] with(String... more) {
        String[] all = Arrays.copyOf(SMALL, SMALL.length + more.length);
        System.arraycopy(more, 0, all, SMALL.length, more.length);
        return all;
    }
}
