package io.qk256.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.JvmFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.CpuFeatures.Presence;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Providers that a machine cannot run, and providers that break rule 12. */
class ProvidersTest {

    private static final String NO_DEVICE = "no such device; plug it in";

    /** A kernel for a device that no machine has. */
    private static class Unavailable extends PlainProvider {

        private final String reason;

        Unavailable(String reason) {
            super("for-a-device", new PlainKernel());
            this.reason = reason;
        }

        @Override
        public Kernel open() throws KernelUnavailableException {
            throw new KernelUnavailableException(reason);
        }
    }

    private static PlainProvider needing(Requirements needs) {
        return new PlainProvider("needy", new PlainKernel()) {
            @Override
            public Requirements requirements() {
                return needs;
            }
        };
    }

    @AfterEach
    void requireNothing() {
        System.clearProperty("qk256.tck.require");
    }

    @Test
    void whatTheMachineCannotRunIsSkippedWithItsReason() {
        Verdict verdict = Verdict.of(new Unavailable(NO_DEVICE), "");

        assertThat(verdict.failed()).isEmpty();
        assertThat(verdict.passed())
                .as("what can be tried without the kernel")
                .allMatch(test -> test.startsWith(Rules.DETECTION) || test.equals(Rules.NEEDLESS_CLAIMS));
        assertThat(verdict.skipped())
                .hasSizeGreaterThan(60)
                .containsKey(Rules.ONE_BLOCK + ", f32")
                .containsKey(Rules.DETECTION + ", opens and computes where all is present");
        String reason = "for-a-device: skipped, this machine cannot run it: opened: " + NO_DEVICE;
        assertThat(verdict.skipped().values()).containsOnly(reason);
        assertThat(verdict.talk().lines()).containsExactly(reason);
    }

    @Test
    void whatIsRequiredFailsWhereTheMachineCannotRunIt() {
        System.setProperty("qk256.tck.require", "another, for-a-device");

        Verdict verdict = Verdict.of(new Unavailable(NO_DEVICE), Rules.ONE_BLOCK);

        assertThat(verdict.skipped()).isEmpty();
        assertThat(verdict.passed()).isEmpty();
        assertThat(verdict.talk()).isEmpty();
        assertThat(verdict.failed()).containsKey(Rules.ONE_BLOCK + ", f32");
        assertThat(verdict.failed().values())
                .allSatisfy(message -> assertThat(message)
                        .isEqualTo("for-a-device: rule 12 detection: required by -Dqk256.tck.require, but this machine"
                                + " cannot run it: opened: " + NO_DEVICE));
    }

    @Test
    void anotherThatIsRequiredChangesNothing() {
        System.setProperty("qk256.tck.require", "another");

        assertThat(Verdict.of(new Unavailable(NO_DEVICE), Rules.ONE_BLOCK).failed())
                .isEmpty();
    }

    @Test
    void aCpuThatLacksFeaturesSkips() {
        CpuFeatures here = HostCpu.features();
        assumeFalse(here.equals(CpuFeatures.unknown()), "only Linux tells the CPU's features");
        Set<CpuFeature> all = EnumSet.allOf(CpuFeature.class);

        Verdict verdict = Verdict.of(needing(new Requirements(all, Set.of())), "");

        CpuFeature absent = all.stream()
                .filter(feature -> here.presence(feature) == Presence.ABSENT)
                .findFirst()
                .orElseThrow();
        assertThat(verdict.failed()).isEmpty();
        assertThat(verdict.skipped().get(Rules.ONE_BLOCK + ", f32")).contains("CPU features", absent.label());
        assertThat(verdict.passed()).contains(Rules.DETECTION + ", refused without each CPU feature");
    }

    @Test
    void aJvmThatLacksFeaturesSkips() {
        Verdict verdict = Verdict.of(needing(new Requirements(Set.of(), Set.of(JvmFeature.VECTOR_API))), "");

        assertThat(verdict.failed()).isEmpty();
        assertThat(verdict.skipped().get(Rules.ONE_BLOCK + ", f32"))
                .contains("JVM", "jdk.incubator.vector is not in the module graph");
        assertThat(verdict.passed()).contains(Rules.DETECTION + ", refused without each JVM feature");
    }

    @Test
    void refusesWithoutAReason() {
        assertThat(Verdict.of(new Unavailable(" "), Rules.DETECTION).failed())
                .hasEntrySatisfying(
                        Rules.DETECTION + ", opens and computes where all is present",
                        message -> assertThat(message)
                                .contains("for-a-device: rule 12 detection", "the reason that the provider gives"));
    }

    @Test
    void failsToOpenWithAnythingElse() {
        PlainProvider provider = new PlainProvider("broken", new PlainKernel()) {
            @Override
            public Kernel open() {
                throw new IllegalStateException("where is my library?");
            }
        };

        assertThat(Verdict.of(provider, Rules.ONE_BLOCK).failed().get(Rules.ONE_BLOCK + ", int8"))
                .contains("broken: rule 12 detection", "broke its contract", "where is my library?");
    }

    @Test
    void isBuiltForAnotherContract() {
        PlainProvider provider = new PlainProvider("from-the-future", new PlainKernel()) {
            @Override
            public String contractVersion() {
                return "99.0";
            }
        };

        assertThat(Verdict.of(provider, Rules.ONE_BLOCK).failed().get(Rules.ONE_BLOCK + ", f32"))
                .contains("from-the-future: rule 12 detection", "broke its contract", "99.0");
    }

    @Test
    void needsMoreEachTimeItIsAsked() {
        PlainProvider provider = new PlainProvider("moody", new PlainKernel()) {
            private int asked;

            @Override
            public Requirements requirements() {
                asked++;
                return asked < 3 ? Requirements.NONE : new Requirements(Set.of(CpuFeature.AVX2), Set.of());
            }
        };

        assertThat(Verdict.of(provider, Rules.STABLE_ANSWERS).failed())
                .hasEntrySatisfying(
                        Rules.STABLE_ANSWERS + ", the same each time",
                        message -> assertThat(message).contains("moody: " + Rules.STABLE_ANSWERS, "AVX2"));
    }

    @Test
    void opensAKernelThatFailsItsSelfTest() {
        PlainKernel wrong = new PlainKernel() {
            @Override
            int field(int packed, int place) {
                return super.field(packed, 3 - place);
            }
        };

        assertThat(Verdict.of(new PlainProvider("wrong", wrong), Rules.DETECTION)
                        .failed())
                .hasEntrySatisfying(
                        Rules.DETECTION + ", opens and computes where all is present",
                        message -> assertThat(message).contains("wrong: rule 12 detection", "self-test: dequantize"));
    }
}
