package io.qk256.spi.plugin;

import io.qk256.spi.CpuFeature;
import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.Requirements;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Candidate.Step;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.CpuFeatures.Presence;
import io.qk256.spi.selection.Gate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Remedy;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.spi.support.ForeignStreams;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The main class of a probing JVM. It takes one kernel through all gates, checks what that has changed in the process,
 * ends as applications end, and reports.
 */
final class ProbeMain {

    private ProbeMain() {}

    /**
     * Arguments: report file, plugin or "" for the module path, module, hash, native access, class, CPU, forced name or
     * "".
     */
    public static void main(String[] args) {
        endWithParent();
        ForeignStreams streams = ForeignStreams.install(new FileOutputStream(FileDescriptor.err));
        Footprint before = Footprint.take();
        ProbeReport report = new ProbeReport(Path.of(args[0]));
        report.write(ProbeReport.GATE, Gate.RESOLVED.name());
        KernelSource source = source(args[1], args[2], args[3], Boolean.parseBoolean(args[4]), args[5]);
        KernelSource watched = source.stop().isPresent() ? source : watched(source, report);
        SelectionOptions wishes =
                new SelectionOptions(Optional.of(args[7]).filter(name -> !name.isEmpty()), Optional.empty());
        Candidate candidate = KernelSelector.select(List.of(watched), cpu(args[6]), Jvm.current(), wishes)
                .candidates()
                .getFirst();
        Step last = candidate.steps().getLast();
        report.write(ProbeReport.PRINTED, String.valueOf(streams.printed()));
        if (candidate.remedy().orElse(null) instanceof Remedy.AllowNative) {
            report.write(ProbeReport.REMEDY, ProbeReport.ALLOW_NATIVE);
        }
        if (candidate.kernel().isEmpty()) {
            reject(report, last.gate(), last.detail());
        }
        Optional<String> change = before.change(streams);
        if (change.isPresent()) {
            reject(report, Gate.PROBED, change.get() + "; a kernel must not change its process");
        }
        report.write(ProbeReport.GATE, last.gate().name());
        report.write(ProbeReport.DETAIL, last.detail());
        report.write(ProbeReport.END, ProbeReport.USABLE);
        report.write(ProbeReport.PHASE, ProbeReport.STREAMS);
        awaitMonitor(System.out);
        awaitMonitor(System.err);
        report.write(ProbeReport.PHASE, ProbeReport.HOOKS);
        System.exit(0);
    }

    /** Halts at once, without letting the kernel's threads and shutdown hooks run. */
    private static void reject(ProbeReport report, Gate gate, String why) {
        report.write(ProbeReport.GATE, gate.name());
        report.write(ProbeReport.DETAIL, why);
        report.write(ProbeReport.END, ProbeReport.REJECTED);
        Runtime.getRuntime().halt(0);
    }

    /** Returns once no other thread holds the monitor, which every thread that prints needs. */
    private static void awaitMonitor(PrintStream stream) {
        synchronized (stream) {
            stream.flush();
        }
    }

    /** Ends this process with its parent, which holds the other end of standard input as long as it lives. */
    private static void endWithParent() {
        InputStream parent = new FileInputStream(FileDescriptor.in); // The kernel may hold or close System.in.
        Thread.ofPlatform().daemon().name("qk256-probe-parent").start(() -> {
            try {
                while (parent.read() >= 0) {
                    Thread.onSpinWait();
                }
            } catch (IOException e) {
                // An error means the same as the end of the stream.
            }
            Runtime.getRuntime().halt(1);
        });
    }

    private static KernelSource source(
            String plugin, String module, String sha256, boolean nativeAccess, String className) {
        List<KernelSource> sources = KernelSource.find();
        if (!plugin.isEmpty()) {
            Trust trust = new Trust(nativeAccess ? Set.of(module) : Set.of(), Map.of(module, sha256), false);
            sources = Installation.of(Path.of(plugin), trust).plugin().sources();
        }
        return sources.stream()
                .filter(source ->
                        source.label().equals(className) || source.stop().isPresent())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(className + " was not found again"));
    }

    /** Parses the output of {@link #text}. */
    private static CpuFeatures cpu(String text) {
        CpuFeatures cpu = CpuFeatures.unknown();
        for (String part : text.split(",", -1)) {
            int colon = part.indexOf(':');
            cpu = cpu.with(CpuFeature.valueOf(part.substring(0, colon)), Presence.valueOf(part.substring(colon + 1)));
        }
        return cpu;
    }

    /** Encodes a CPU as an argument. */
    static String text(CpuFeatures cpu) {
        return String.join(
                ",",
                Arrays.stream(CpuFeature.values())
                        .map(feature -> feature.name() + ":" + cpu.presence(feature))
                        .toList());
    }

    private static KernelSource watched(KernelSource source, ProbeReport report) {
        return new KernelSource(source.label(), source.artifact(), () -> {
            report.write(ProbeReport.GATE, Gate.FOUND.name());
            return new Watched(source.provider().get(), report);
        });
    }

    /** Reports how far the provider got. */
    private record Watched(KernelProvider provider, ProbeReport report) implements KernelProvider {

        @Override
        public String name() {
            String name = provider.name();
            report.write(ProbeReport.NAME, name);
            return name;
        }

        @Override
        public int rank() {
            int rank = provider.rank();
            report.write(ProbeReport.RANK, String.valueOf(rank));
            return rank;
        }

        @Override
        public String contractVersion() {
            report.write(ProbeReport.GATE, Gate.CONTRACT.name());
            return provider.contractVersion();
        }

        @Override
        public Requirements requirements() {
            report.write(ProbeReport.GATE, Gate.CPU.name());
            return provider.requirements();
        }

        @Override
        public boolean checksCpuItself() {
            return provider.checksCpuItself();
        }

        @Override
        public Kernel open() throws KernelUnavailableException {
            report.write(ProbeReport.GATE, Gate.OPENED.name());
            Kernel kernel = provider.open();
            report.write(ProbeReport.GATE, Gate.SELF_TEST.name());
            return kernel;
        }
    }
}
