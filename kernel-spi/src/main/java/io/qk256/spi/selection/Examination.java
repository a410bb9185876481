package io.qk256.spi.selection;

import io.qk256.spi.Contract;
import io.qk256.spi.CpuFeature;
import io.qk256.spi.JvmFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.Candidate.State;
import io.qk256.spi.selection.Candidate.Step;
import io.qk256.spi.selection.CpuFeatures.Presence;
import io.qk256.spi.selection.KernelSource.Stop;
import io.qk256.spi.selection.Probe.Failure;
import io.qk256.spi.selection.Probe.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes one candidate through the gates: first {@link #present}, then {@link #open} or {@link #leave}. {@link #outcome}
 * is the result.
 */
final class Examination {

    private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

    private final KernelSource source;
    private final CpuFeatures cpu;
    private final Jvm jvm;
    private final SelectionOptions wishes;
    private final Set<String> namesTaken;

    private final List<Step> steps = new ArrayList<>();
    private String name;
    private Optional<Integer> rank = Optional.empty();
    private Optional<String> warning = Optional.empty();
    private Gate gate = Gate.INSTALLED;
    private State end = State.REJECTED;
    private @Nullable KernelProvider provider;
    private @Nullable Candidate outcome;

    Examination(KernelSource source, CpuFeatures cpu, Jvm jvm, SelectionOptions wishes, Set<String> namesTaken) {
        this.source = source;
        this.cpu = cpu;
        this.jvm = jvm;
        this.wishes = wishes;
        this.namesTaken = namesTaken;
        this.name = source.label();
    }

    /** Takes it through the gates up to the last one before its kernel is opened. */
    void present() {
        pass(() -> {
            beforeAnyCode();
            gate = Gate.PROBED;
            probe();
            gate = Gate.FOUND;
            KernelProvider found = found();
            gate = Gate.CONTRACT;
            contract(found);
            gate = Gate.CPU;
            Needs needs = new Needs(found);
            cpu(found, needs);
            gate = Gate.JVM;
            jvm(needs);
            provider = found;
        });
    }

    /** Whether it waits to be opened. */
    boolean isPresent() {
        return outcome == null;
    }

    String name() {
        return name;
    }

    /** Its rank, or the lowest possible one if it did not return a rank. */
    int rank() {
        return rank.orElse(Integer.MIN_VALUE);
    }

    /** Takes it through the last gates. */
    void open() {
        pass(() -> {
            gate = Gate.OPENED;
            Kernel kernel = open(Objects.requireNonNull(provider));
            gate = Gate.SELF_TEST;
            selfTest(kernel);
            outcome = candidate(
                    State.USABLE, "passed all gates", Optional.empty(), Optional.of(kernel), Optional.empty());
        });
    }

    /** Ends the examination of a candidate that can no longer be selected. */
    void leave(String why) {
        outcome = candidate(State.SKIPPED, why, Optional.empty(), Optional.empty(), Optional.empty());
    }

    Candidate outcome() {
        return Objects.requireNonNull(outcome, "the examination has not ended");
    }

    private interface Gates {
        void pass() throws Rejected;
    }

    private void pass(Gates gates) {
        try {
            gates.pass();
        } catch (Rejected e) {
            outcome = rejected(String.valueOf(e.getMessage()), e.remedy, e.getCause());
        } catch (Throwable e) { // Foreign code: whatever it throws ends only its own examination.
            outcome = rejected(Reasons.describe(e), Optional.empty(), e);
        }
    }

    /** Replaces the given reason by a more helpful one if the exception allows it. */
    private Candidate rejected(String reason, Optional<Remedy> remedy, @Nullable Throwable cause) {
        if (Reasons.isDeniedNative(source, cause)) {
            return stopped(
                    "it needs native access, which it was not granted",
                    Optional.of(new Remedy.AllowNative(source.module())),
                    cause);
        }
        return stopped(Reasons.compiledElsewhere(cause).orElse(reason), remedy, cause);
    }

    private Candidate stopped(String reason, Optional<Remedy> remedy, @Nullable Throwable cause) {
        Step failed = new Step(gate, false, reason);
        steps.add(failed);
        String why = gate.label() + ": " + failed.detail();
        return candidate(end, why, remedy, Optional.empty(), Optional.ofNullable(cause));
    }

    private Candidate candidate(
            State state, String why, Optional<Remedy> remedy, Optional<Kernel> kernel, Optional<Throwable> failure) {
        return new Candidate(
                name, rank, source.artifact(), List.copyOf(steps), state, why, warning, remedy, kernel, failure);
    }

    private void passed(String detail) {
        steps.add(new Step(gate, true, detail));
    }

    /** The gates that look at files and modules only; whoever created the source has already checked them. */
    private void beforeAnyCode() throws Rejected {
        for (Gate passing : List.of(Gate.INSTALLED, Gate.RESOLVED)) {
            gate = passing;
            Optional<Stop> stop = source.stop().filter(s -> s.gate() == passing);
            if (stop.isPresent()) {
                end = stop.get().state();
                throw new Rejected(stop.get().reason(), stop.get().cause().orElse(null));
            }
            Artifact artifact = source.artifact();
            passed(
                    passing == Gate.INSTALLED
                            ? artifact.origin()
                            : artifact.module()
                                    + artifact.version().map(v -> " " + v).orElse(""));
        }
    }

    private void probe() throws Rejected {
        if (source.probe().isEmpty()) {
            passed("not probed");
            return;
        }
        Outcome outcome = source.probe().get().run(cpu, wishes.forced());
        if (outcome.failure().isPresent()) {
            Failure failure = outcome.failure().get();
            rank = failure.rank();
            gate = failure.gate();
            if (failure.name().isPresent()) {
                name(failure.name().get());
            }
            throw new Rejected(
                    outcome.detail(), failure.remedy(), failure.cause().orElse(null));
        }
        passed(outcome.detail());
    }

    private KernelProvider found() throws Rejected {
        KernelProvider found = Objects.requireNonNull(source.provider().get(), "the provider is null");
        name(Objects.requireNonNull(found.name(), "name() returned null"));
        rank = Optional.of(found.rank());
        passed(source.label() + " in " + source.module());
        return found;
    }

    private void name(String told) throws Rejected {
        if (told.length() > Reasons.MAX_NAME) {
            throw new Rejected("its name has " + told.length() + " characters, expected " + Reasons.MAX_NAME
                    + " or less: " + told.substring(0, Reasons.MAX_NAME));
        }
        if (!NAME.matcher(told).matches()) {
            throw new Rejected("its name is '" + told + "', expected lower case letters, digits and hyphens");
        }
        if (!namesTaken.add(told)) {
            name = told + " (" + source.label() + ")";
            throw new Rejected("another provider is called '" + told + "' too; keep one of them");
        }
        name = told;
    }

    private void contract(KernelProvider found) throws Rejected {
        String built = String.valueOf(found.contractVersion());
        ContractVersion version = ContractVersion.parse(built)
                .orElseThrow(() -> new Rejected(
                        "built for contract '" + built + "', expected major.minor such as " + Contract.VERSION));
        Optional<String> refusal = ContractVersion.CURRENT.refusal(version);
        if (refusal.isPresent()) {
            throw new Rejected(refusal.get());
        }
        warning = ContractVersion.CURRENT.warning(version);
        passed(built);
    }

    private void cpu(KernelProvider found, Needs needs) throws Rejected {
        Set<CpuFeature> absent = needs.cpuWith(cpu, Presence.ABSENT);
        if (!absent.isEmpty()) {
            throw new Rejected("the CPU lacks " + labels(absent));
        }
        Set<CpuFeature> unknown = needs.cpuWith(cpu, Presence.UNKNOWN);
        if (unknown.isEmpty()) {
            passed(needs.cpu.isEmpty() ? "needs none" : "has " + labels(needs.cpu));
        } else if (found.checksCpuItself()) {
            passed("unknown here, the kernel checks it itself: " + labels(unknown));
        } else if (wishes.forced().map(name::equals).orElse(false)) {
            passed("unknown, but the kernel is forced: " + labels(unknown));
        } else {
            throw new Rejected("unknown whether the CPU has " + labels(unknown)
                    + "; if you know that it does, force the kernel by its name");
        }
    }

    private void jvm(Needs needs) throws Rejected {
        for (JvmFeature feature : needs.jvm) {
            String reason = jvm.missing().get(feature);
            if (reason != null) {
                throw new Rejected("needs the " + feature.label() + ", but " + reason);
            }
        }
        passed(
                needs.jvm.isEmpty()
                        ? "no special requirements"
                        : needs.jvm.stream().map(JvmFeature::label).collect(Collectors.joining(", ", "has ", "")));
    }

    private Kernel open(KernelProvider found) throws Rejected {
        try {
            Kernel kernel = Objects.requireNonNull(found.open(), "open() returned null");
            passed(Objects.requireNonNull(kernel.toString(), "the kernel's toString() returned null"));
            return kernel;
        } catch (KernelUnavailableException e) {
            throw new Rejected(String.valueOf(e.getMessage()), e);
        }
    }

    private void selfTest(Kernel kernel) throws Rejected {
        Optional<String> wrong = SelfTest.run(kernel);
        if (wrong.isPresent()) {
            throw new Rejected(wrong.get());
        }
        passed("all operations return the known answers");
    }

    private static String labels(Set<CpuFeature> features) {
        return features.stream().map(CpuFeature::label).collect(Collectors.joining(", "));
    }

    /** Thrown by a gate that rejects the candidate. */
    private static final class Rejected extends Exception {

        private static final long serialVersionUID = 1;

        private final transient Optional<Remedy> remedy;

        Rejected(String reason, Optional<Remedy> remedy, @Nullable Throwable cause) {
            super(reason, cause);
            this.remedy = remedy;
        }

        Rejected(String reason, @Nullable Throwable cause) {
            this(reason, Optional.empty(), cause);
        }

        Rejected(String reason) {
            this(reason, null);
        }
    }

    /** A provider's requirements in a fixed order. */
    private static final class Needs {

        final Set<CpuFeature> cpu;
        final Set<JvmFeature> jvm;

        Needs(KernelProvider provider) {
            Requirements told = Objects.requireNonNull(provider.requirements(), "requirements() returned null");
            cpu = new TreeSet<>(told.cpu());
            jvm = new TreeSet<>(told.jvm());
        }

        Set<CpuFeature> cpuWith(CpuFeatures features, Presence presence) {
            return cpu.stream()
                    .filter(feature -> features.presence(feature) == presence)
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
