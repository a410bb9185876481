package io.qk256.app.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Remedy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RemediesTest {

    private static Candidate rejected(Optional<Remedy> remedy) {
        Artifact artifact = Artifact.ofPlugin("example", Optional.empty(), "example.jar", Optional.empty(), false);
        return new Candidate(
                "example",
                Optional.empty(),
                artifact,
                List.of(),
                Candidate.State.REJECTED,
                "opened: the reason",
                Optional.empty(),
                remedy,
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void whatToDoFollowsTheReasonInTheOptionsOfThisProgram() {
        assertThat(Remedies.why(rejected(Optional.of(new Remedy.AllowNative("com.example.fast")))))
                .isEqualTo("opened: the reason; if you trust it, allow it with --allow-native com.example.fast or in"
                        + " the trust file");
        assertThat(Remedies.why(rejected(Optional.of(new Remedy.MoreProbeTime(Duration.ofSeconds(10))))))
                .isEqualTo("opened: the reason; --probe-seconds gives it more time than 10 s");
        assertThat(Remedies.why(rejected(Optional.empty()))).isEqualTo("opened: the reason");
    }

    @Test
    void programsFindItInAFieldOfItsOwn() {
        assertThat(KernelReport.kernel(rejected(Optional.of(new Remedy.AllowNative("com.example.fast"))))
                        .get("remedy")
                        .getAsString())
                .isEqualTo("if you trust it, allow it with --allow-native com.example.fast or in the trust file");
        assertThat(KernelReport.kernel(rejected(Optional.empty())).has("remedy"))
                .isFalse();
    }
}
