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
 * The kernel under test, opened on this machine at most once. The TCK's own rules use it; a provider's
 * test does not need it.
 */
public final class KernelUnderTest {

    private static final String REQUIRE = "qk256.tck.require";

    private final KernelProvider provider;
    private final Answers answers;
    private final SelectionRun here;
    private final PrintWatch prints = new PrintWatch();

    /** Examines the provider on this machine. A kernel is tested even if the presence of CPU features is unknown. */
    KernelUnderTest(KernelProvider provider) {
        this.provider = provider;
        this.answers = prints.during("the questions before open()", () -> Answers.of(provider));
        SelectionOptions wishes = SelectionOptions.force(answers.name());
        this.here = prints.during(
                "open() and the self-test", () -> SelectionRun.of(provider, HostCpu.features(), Jvm.current(), wishes));
        if (here.machineLacksSomething() && !isRequired()) {
            System.err.println(skipped()); // Build tools count skipped tests but do not print the reason.
        }
    }

    /** Why this machine cannot run the kernel although its provider keeps the contract; empty if it can. */
    public Optional<String> unavailable() {
        return here.machineLacksSomething() ? Optional.of(here.candidate().why()) : Optional.empty();
    }

    /** The kernel's description, as one line; empty if it was not opened. */
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

    /** What the provider answered before it was opened. */
    Answers answers() {
        return answers;
    }

    /** The examination of the provider on this machine. */
    SelectionRun here() {
        return here;
    }

    /**
     * Returns the opened kernel, even if it failed its self-test: the rules say more precisely what is wrong.
     *
     * @throws TestAbortedException if this machine cannot run it, so that the test counts as skipped
     * @throws AssertionError if this machine cannot run it although it is required, or its provider broke the contract
     */
    Kernel kernel() {
        return here.opened().orElseThrow(this::unopened);
    }

    /**
     * What the kernel has done, since it was opened, to the floating-point environment of the threads that called
     * it.
     */
    FloatWatch floatEnvironment() {
        return here.floats();
    }

    /** What the provider and the kernel have printed while watched, from the first question on. */
    PrintWatch prints() {
        return prints;
    }

    /** The kernel's description, requested on behalf of a rule. */
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

    /** The same provider, with another kernel that it has opened. */
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
