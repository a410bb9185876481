package io.qk256.tck;

import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.spi.support.PrintableText;
import java.util.Arrays;
import java.util.Optional;
import org.opentest4j.TestAbortedException;

/**
 * The kernel that a contract test is about, opened on this machine at most once. The kit's own rules use it; a provider's
 * test has no need to.
 */
public final class KernelUnderTest {

    private static final String REQUIRE = "qk256.tck.require";

    private final KernelProvider provider;
    private final Answers answers;
    private final SelectionRun here;
    private final PrintWatch prints = new PrintWatch();

    /** Examines the provider on this machine. CPU features that nobody knows do not keep the kernel from its tests. */
    KernelUnderTest(KernelProvider provider) {
        this.provider = provider;
        this.answers = prints.during("the questions before open()", () -> Answers.of(provider));
        SelectionOptions wishes = SelectionOptions.force(answers.name());
        this.here = prints.during(
                "open() and the self-test", () -> SelectionRun.of(provider, HostCpu.features(), Jvm.current(), wishes));
        if (here.machineLacksSomething() && !isRequired()) {
            System.err.println(skipped()); // Build tools count skipped tests, but do not say why.
        }
    }

    /** Why this machine cannot run the kernel, though its provider keeps the contract; empty if it can. */
    public Optional<String> unavailable() {
        return here.machineLacksSomething() ? Optional.of(here.candidate().why()) : Optional.empty();
    }

    /** What the kernel says of itself, as one line; empty if it was not opened. */
    public Optional<String> description() {
        return here.opened().map(kernel -> {
            try {
                return PrintableText.line(String.valueOf(kernel));
            } catch (RuntimeException | Error e) {
                return "its toString() throws " + PrintableText.line(e.toString());
            }
        });
    }

    KernelProvider provider() {
        return provider;
    }

    /** What the provider said before it was opened. */
    Answers answers() {
        return answers;
    }

    /** What became of the provider on this machine. */
    SelectionRun here() {
        return here;
    }

    /**
     * The opened kernel, also if it failed its self-test: the rules say more exactly what is wrong.
     *
     * @throws TestAbortedException if this machine cannot run it, so that the test counts as skipped
     * @throws AssertionError if this machine cannot run it although it is required, or its provider broke the contract
     */
    Kernel kernel() {
        return here.opened().orElseThrow(this::unopened);
    }

    /** What the kernel has done to the floating-point environment of the threads that called it, from its opening on. */
    FloatWatch floatEnvironment() {
        return here.floats();
    }

    /** What the provider and the kernel have printed while they were watched, from the first question on. */
    PrintWatch prints() {
        return prints;
    }

    /** What the kernel calls itself, asked in the name of a rule. */
    String description(String rule) {
        Kernel kernel = kernel();
        try {
            return String.valueOf(kernel.toString());
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    says(rule) + "toString() of the kernel: threw " + PrintableText.line(String.valueOf(e))
                            + ", expected one line that says what it runs",
                    e);
        }
    }

    /** The same provider, with another kernel that it opened. */
    KernelUnderTest reopened() {
        kernel();
        return new KernelUnderTest(provider);
    }

    Trial trial(String rule, Problem problem) {
        return Trial.of(this, rule, problem);
    }

    /** The start of every message. */
    String says(String rule) {
        return PrintableText.line(answers.name()) + ": " + rule + ": ";
    }

    private RuntimeException unopened() {
        String why = here.candidate().why();
        if (!here.machineLacksSomething()) {
            throw new AssertionError(
                    says(Rules.DETECTION) + "the provider broke its contract: " + why,
                    here.candidate().failure().orElse(null));
        }
        if (isRequired()) {
            throw new AssertionError(
                    says(Rules.DETECTION) + "required by -D" + REQUIRE + ", but this machine cannot run it: " + why);
        }
        return new TestAbortedException(skipped());
    }

    private String skipped() {
        return answers.name() + ": skipped, this machine cannot run it: "
                + here.candidate().why();
    }

    private boolean isRequired() {
        return Arrays.stream(System.getProperty(REQUIRE, "").split(","))
                .map(String::strip)
                .anyMatch(answers.name()::equals);
    }
}
