package io.qk256.spi.selection;

import static org.assertj.core.api.Assertions.assertThat;

import io.qk256.spi.Kernel;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.selection.Probe.Failure;
import io.qk256.spi.selection.Probe.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A remedy is data: the selecting program turns it into text. */
class RemedyTest {

    private static final Remedy MORE_TIME = new Remedy.MoreProbeTime(Duration.ofSeconds(10));

    private static Selection select(KernelSource... sources) {
        return KernelSelector.select(List.of(sources), Machines.CPU, Machines.JVM, SelectionOptions.NONE);
    }

    private static KernelSource denied(String name) {
        return new FakeProvider(name, 5) {
            @Override
            Kernel kernel() throws KernelUnavailableException {
                throw new KernelUnavailableException(
                        "no native code; start it with --something", new IllegalCallerException("denied"));
            }
        }.source();
    }

    private static KernelSource slow(String name) {
        Failure failure =
                new Failure(Optional.of(name), Optional.of(1), Gate.PROBED, Optional.of(MORE_TIME), Optional.empty());
        return new FakeProvider(name, 1)
                .source()
                .probedBy((cpu, forced) -> new Outcome("no end within 10 s", Optional.of(failure)));
    }

    @Test
    void nativeAccessThatWasNotGrantedCanBeGranted() {
        Candidate candidate = select(denied("fast")).candidates().getFirst();
        assertThat(candidate.why()).isEqualTo("opened: it needs native access, which it was not granted");
        assertThat(candidate.remedy()).contains(new Remedy.AllowNative("com.example"));
        assertThat(candidate.failure()).isPresent();
    }

    @Test
    void theRemedyOfAProbeIsThatOfTheCandidate() {
        Candidate candidate = select(slow("slow")).candidates().getFirst();
        assertThat(candidate.why()).isEqualTo("probed: no end within 10 s");
        assertThat(candidate.remedy()).contains(MORE_TIME);
    }

    @Test
    void mostRejectionsAndAllUsableKernelsHaveNone() {
        Selection selection = Machines.select(
                new FakeProvider("right", 2), new FakeProvider("no name", 1), new FakeProvider("other", 0));
        assertThat(selection.candidates())
                .hasSize(3)
                .allSatisfy(candidate -> assertThat(candidate.remedy()).isEmpty());
    }

    @Test
    void aProgramPutsItsWordsIntoTheWarnings() {
        Selection one = select(denied("fast"));
        assertThat(one.warnings())
                .containsExactly("plugin fast is not used: opened: it needs native access, which it was not granted");
        assertThat(one.warnings(candidate -> "see " + candidate.remedy().orElseThrow()))
                .containsExactly("plugin fast is not used: see AllowNative[module=com.example]");
        assertThat(select(denied("fast"), slow("slow")).warnings(candidate -> candidate.name() + "?"))
                .containsExactly("2 plugins are not used: fast (fast?), slow");
    }
}
