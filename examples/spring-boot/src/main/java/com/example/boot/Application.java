package com.example.boot;

import io.qk256.app.cpu.Cpu;
import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.plugin.PluginDirectory;
import io.qk256.spi.plugin.Probing;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import io.qk256.tck.runner.TckMain;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Selects a kernel and multiplies with it. */
public final class Application {

    private Application() {}

    /**
     * Without arguments: prints the outcome for each kernel, and a product. {@code probe} first tries each kernel in a separate
     * JVM. {@code plugins DIR} does the same with the plugins of a directory. {@code tck NAME} runs one rule of the kit on a
     * kernel.
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        String command = args.length == 0 ? "" : args[0];
        switch (command) {
            case "tck" ->
                TckMain.main(
                        new String[] {"--provider", args[1], "--rule", "1", "--time-limit", "600", "-o", "json"});
            case "plugins" ->
                run(probed(PluginDirectory.open(Path.of(args[1])).refresh().sources()));
            case "probe" -> run(probed(KernelSource.find()));
            // The context class loader of a common pool thread does not see the nested jars; the kernels are still found.
            default -> run(CompletableFuture.supplyAsync(KernelSource::find).join());
        }
    }

    private static List<KernelSource> probed(List<KernelSource> sources) {
        return new Probing(Duration.ofMinutes(10), Cpu.detect().name(), Optional.empty()).of(sources);
    }

    private static void run(List<KernelSource> sources) {
        Selection selection = KernelSelector.select(
                sources, Cpu.detect().features(), Jvm.current(), SelectionOptions.NONE);
        for (Candidate candidate : selection.candidates()) {
            System.out.println(String.join(
                    "|",
                    candidate.name(),
                    candidate.kernel().isPresent() ? "usable" : "rejected",
                    candidate.module(),
                    candidate.origin(),
                    candidate.artifact().sha256().orElse(""),
                    candidate.why()));
        }
        // One row of four weights: codes 0, 1, 2, 3, which this codebook decodes to -2, -1, 1, 2.
        byte[] codes = new byte[Qk256.BLOCK_BYTES];
        codes[0] = (byte) 0b11_10_01_00;
        Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(codes), 1, 4, Codebook.QK256);
        float[] y = new float[1];
        Kernel kernel = selection.kernel();
        kernel.gemv(w, F32Vector.of(1, 10, 100, 1000), F32Vector.of(y));
        System.out.println("product " + y[0]);
    }
}
