package io.qk256.spi.plugin;

import io.qk256.spi.selection.Artifact;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Probe;
import io.qk256.spi.selection.Remedy;
import io.qk256.spi.selection.VerdictCache;
import io.qk256.spi.support.ChildClassPath;
import io.qk256.spi.support.CodeLocation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Probes a kernel in a separate JVM, unless the cache has a verdict. */
final class ChildProbe implements Probe {

    private static final String KIND = "probe";
    private static final String DATE = "date";

    /** Changing the number invalidates earlier verdicts, because the checks have changed. */
    private static final String RULES = "2";

    private static final String ALL_UNNAMED = "ALL-UNNAMED";
    private static final Module CONTRACT = ProbeMain.class.getModule();

    private final KernelSource source;
    private final Probing probing;

    ChildProbe(KernelSource source, Probing probing) {
        this.source = source;
        this.probing = probing;
    }

    @Override
    public Outcome run(CpuFeatures cpu, Optional<String> forced) {
        Optional<VerdictCache.Key> key = VerdictCache.Key.of(source, cpu, probing.cpuName())
                .map(k -> k.with("rules", RULES)
                        .with("forced", forced.orElse(""))
                        // The child has the modules of this JVM, and an option may add one that was missing.
                        .with(
                                "missing",
                                String.valueOf(
                                        new TreeSet<>(Jvm.current().missing().keySet()))));
        Optional<Map<String, String>> known = probing.cache()
                .flatMap(cache -> key.flatMap(k -> cache.read(k, KIND)))
                .filter(ChildProbe::isComplete);
        if (known.isPresent()) {
            Path file = probing.cache().orElseThrow().file(key.orElseThrow(), KIND);
            String since = known.get().get(DATE);
            return outcome(
                    known.get(),
                    " (remembered since " + since + "; to try it again, delete " + file + ")",
                    Optional.empty());
        }
        try {
            return probe(cpu, forced, key);
        } catch (IOException e) {
            return failed(
                    "the probing JVM cannot be started: " + e + "; to use the kernel unprobed, switch probing off", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return failed("interrupted", e);
        }
    }

    private static Outcome failed(String reason, Exception cause) {
        return new Outcome(
                reason,
                Optional.of(new Failure(
                        Optional.empty(), Optional.empty(), Gate.PROBED, Optional.empty(), Optional.of(cause))));
    }

    private Outcome probe(CpuFeatures cpu, Optional<String> forced, Optional<VerdictCache.Key> key)
            throws IOException, InterruptedException {
        try (ProbeDirectory directory = ProbeDirectory.make()) {
            ProbeReport report = new ProbeReport(directory.path().resolve("report"));
            long start = System.nanoTime();
            ProbeProcess.End end = ProbeProcess.run(
                    nativeModules(),
                    classPath(directory.path()),
                    arguments(report, cpu, forced),
                    probing.timeLimit(),
                    directory.path());
            long milliseconds = (System.nanoTime() - start) / 1_000_000;
            Map<String, String> values = new HashMap<>(report.read());
            if (!values.containsKey(ProbeReport.GATE)) {
                throw new IOException("exit code " + end.exit()
                        + end.exceeded()
                                .map(limit -> ", because it was stopped")
                                .orElse("") + "; it printed: "
                        + end.output());
            }
            if (!ProbeEnd.isSound(end, values)) {
                values.put(ProbeReport.DETAIL, ProbeEnd.describe(end, values, probing.timeLimit()));
                values.put(ProbeReport.GATE, Gate.PROBED.name());
                values.put(ProbeReport.END, ProbeReport.REJECTED);
                values.put(
                        ProbeReport.REMEDY,
                        end.exceeded().filter(ProbeProcess.Limit.TIME::equals).isPresent()
                                ? ProbeReport.MORE_TIME
                                : "");
            }
            values.put(DATE, LocalDate.now(ZoneId.systemDefault()).toString());
            // What prevents a kernel from opening may be gone next time: a mount, a missing device.
            if (ProbeEnd.isLasting(end) && !Gate.OPENED.name().equals(values.get(ProbeReport.GATE))) {
                probing.cache().ifPresent(cache -> key.ifPresent(k -> cache.write(k, KIND, values)));
            }
            return outcome(values, "", Optional.of(new ProbeException(end, milliseconds)));
        }
    }

    private Set<String> nativeModules() {
        Artifact artifact = source.artifact();
        Set<String> modules = new LinkedHashSet<>();
        if (artifact.plugin() || CONTRACT.isNamed()) { // The contract grants native access to the plugin.
            modules.add(CONTRACT.isNamed() ? CONTRACT.getName() : ALL_UNNAMED);
        }
        if (artifact.nativeAccess() && !artifact.plugin()) {
            modules.add(isOnClassPath() ? ALL_UNNAMED : artifact.module());
        }
        return modules;
    }

    private boolean isOnClassPath() {
        return source.module().equals(Artifact.CLASS_PATH);
    }

    /** A plugin needs only the contract beside it; a kernel of the application needs whatever the application has. */
    private List<Path> classPath(Path directory) throws IOException {
        if (source.artifact().plugin()) {
            Optional<CodeLocation> contract = CodeLocation.of(ProbeMain.class);
            return CONTRACT.isNamed() || contract.isEmpty()
                    ? List.of()
                    : List.of(contract.get().file(directory));
        }
        return CONTRACT.isNamed() ? ChildClassPath.ofSystem() : ChildClassPath.ofApplication(directory);
    }

    private List<String> arguments(ProbeReport report, CpuFeatures cpu, Optional<String> forced) {
        Artifact artifact = source.artifact();
        return List.of(
                report.file().toString(),
                artifact.plugin() ? Path.of(artifact.origin()).toAbsolutePath().toString() : "",
                artifact.module(),
                artifact.plugin() ? artifact.sha256().orElse("") : "",
                String.valueOf(artifact.nativeAccess()),
                source.label(),
                ProbeMain.text(cpu),
                forced.orElse(""));
    }

    private static boolean isComplete(Map<String, String> values) {
        return values.keySet().containsAll(List.of(DATE, ProbeReport.END, ProbeReport.DETAIL, ProbeReport.GATE))
                && Stream.of(Gate.values()).anyMatch(gate -> gate.name().equals(values.get(ProbeReport.GATE)));
    }

    private Outcome outcome(Map<String, String> values, String when, Optional<ProbeException> run) {
        String detail = values.getOrDefault(ProbeReport.DETAIL, "");
        if (ProbeReport.USABLE.equals(values.get(ProbeReport.END))) {
            return new Outcome(
                    "passed all gates in a JVM of its own"
                            + run.map(r -> ", in " + r.milliseconds() + " ms").orElse("")
                            + printed(values)
                            + when,
                    Optional.empty());
        }
        return new Outcome(
                detail + when,
                Optional.of(new Failure(
                        Optional.ofNullable(values.get(ProbeReport.NAME)),
                        ProbeReport.rank(values),
                        Gate.valueOf(values.getOrDefault(ProbeReport.GATE, Gate.PROBED.name())),
                        remedy(values),
                        run.map(r -> r))));
    }

    private Optional<Remedy> remedy(Map<String, String> values) {
        return switch (values.getOrDefault(ProbeReport.REMEDY, "")) {
            case ProbeReport.ALLOW_NATIVE -> Optional.of(new Remedy.AllowNative(source.module()));
            case ProbeReport.MORE_TIME -> Optional.of(new Remedy.MoreProbeTime(probing.timeLimit()));
            default -> Optional.empty();
        };
    }

    private static String printed(Map<String, String> values) {
        String bytes = values.getOrDefault(ProbeReport.PRINTED, "0");
        return bytes.equals("0") ? "" : "; it printed " + bytes + " bytes, and a kernel must not print";
    }

    /** What the probing JVM printed, for debugging. */
    private static final class ProbeException extends Exception {

        private static final long serialVersionUID = 1;

        private final long milliseconds;

        ProbeException(ProbeProcess.End end, long milliseconds) {
            super(
                    "the probing JVM ended after " + milliseconds + " ms with exit code " + end.exit()
                            + (end.printed().isEmpty() ? "" : "; on standard output: " + end.printed())
                            + (end.output().isEmpty() ? "" : "; it printed: " + end.output())
                            + end.crash().map(log -> "\n" + log).orElse(""),
                    null,
                    false,
                    false);
            this.milliseconds = milliseconds;
        }

        long milliseconds() {
            return milliseconds;
        }
    }
}
