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
                .containsPattern("(?m)^one client +[0-9.]+ t/s  [0-9.]+ x$")
                .containsPattern("(?m)^2 clients at once +[0-9.]+ t/s  [0-9.]+ x$")
                .containsPattern("(?m)^the same beside 1 that get answers +[0-9.]+ (ms|us)  [0-9.]+ x$")
                .containsPattern("(?m)^the same if only its last word is new +[0-9.]+ (ms|us)  [0-9.]+ x sooner$");
    }

    @Test
    void measuresItForPrograms() {
        CommandLineRun run = CommandLineRun.of(with("--clients=1", "--json"));
        assertThat(run.exit()).as(run.err()).isZero();
        JsonObject result = JsonParser.parseString(run.out()).getAsJsonObject();
        assertThat(result.get("clients").getAsInt()).isEqualTo(1);
        assertThat(result.get("longPromptTokens").getAsInt()).isGreaterThanOrEqualTo(40);
        assertThat(result.get("tokensPerSecondOfOneClient").getAsDouble()).isPositive();
        assertThat(result.get("firstTokenOfLongPromptMilliseconds").getAsDouble())
                .isPositive();
        assertThat(result.get("firstTokenBesideOthersMilliseconds").isJsonNull())
                .as("there are no others")
                .isTrue();
    }

    private static String[] with(String... more) {
        String[] all = Arrays.copyOf(SMALL, SMALL.length + more.length);
        System.arraycopy(more, 0, all, SMALL.length, more.length);
        return all;
    }
}
