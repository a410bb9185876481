package io.qk256.app.modulepath;

import io.qk256.app.cpu.Cpu;
import io.qk256.spi.Codebook;
import io.qk256.spi.F32Vector;
import io.qk256.spi.Kernel;
import io.qk256.spi.Qk256;
import io.qk256.spi.Qk256Matrix;
import io.qk256.spi.selection.Candidate;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** A small application on the class path: selects a kernel, in a thread without its class loader, and multiplies. */
final class Engine {

    private Engine() {}

    /** Prints one line per kernel, and a product. */
    public static void main(String[] args) throws InterruptedException {
        Thread pooled = new Thread(Engine::run);
        pooled.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        pooled.start();
        pooled.join();
    }

    private static void run() {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Selection selection = KernelSelector.select(
                KernelSource.find(), Cpu.detect().features(), Jvm.current(), SelectionOptions.NONE);
        for (Candidate candidate : selection.candidates()) {
            out.println(String.join(
                    "|",
                    candidate.name(),
                    candidate.kernel().isPresent() ? "usable" : "rejected",
                    candidate.module(),
                    candidate.origin(),
                    candidate.artifact().sha256().orElse(""),
                    candidate.why()));
        }
        byte[] codes = new byte[Qk256.BLOCK_BYTES];
        codes[0] = (byte) 0b11_10_01_00;
        Qk256Matrix w = Qk256Matrix.of(MemorySegment.ofArray(codes), 1, 4, Codebook.QK256);
        float[] y = new float[1];
        Kernel kernel = selection.kernel();
        kernel.gemv(w, F32Vector.of(1, 10, 100, 1000), F32Vector.of(y));
        out.println("product " + y[0]);
    }
}
