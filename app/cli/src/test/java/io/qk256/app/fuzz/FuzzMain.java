package io.qk256.app.fuzz;

import io.qk256.spi.Kernel;
import io.qk256.spi.KernelProvider;
import io.qk256.spi.KernelUnavailableException;
import io.qk256.spi.selection.KernelSource;
import io.qk256.testing.Fuzz;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** The main class of a fuzzer's JVM. It leaves the seed of each case in a file, for its parent. */
public final class FuzzMain {

    static final String CALLS = "hostile-calls";
    static final String OPERATIONS = "hostile-operations";
    static final String TOGETHER = "eight-threads";

    private FuzzMain() {}

    /** Arguments: a fuzzer, and the file for the seed. */
    public static void main(String[] args) throws Exception {
        MappedByteBuffer seeds = map(Path.of(args[1]));
        Map<String, Kernel> kernels = kernels();
        System.out.println(args[0] + " on " + kernels.keySet());
        try (Hostile hostile = new Hostile()) {
            AtomicLong seed = new AtomicLong(Fuzz.firstSeed());
            switch (args[0]) {
                case CALLS -> run(args[0], 5_000, seeds, seed, new HostileCalls(kernels, hostile));
                case OPERATIONS -> run(args[0], 4_000, seeds, seed, new HostileOperations(kernels, hostile));
                case TOGETHER -> run(args[0], 80, seeds, seed, new EightThreads(kernels, hostile));
                default -> throw new IllegalArgumentException(args[0]);
            }
        } catch (AssertionError e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
        System.exit(0); // Threads left by a case must not keep the JVM running.
    }

    private static void run(String name, int most, MappedByteBuffer seeds, AtomicLong seed, Fuzz.Case one) {
        Fuzz.run(name, most, random -> {
            seeds.putLong(0, seed.getAndIncrement());
            return one.run(random);
        });
    }

    private static MappedByteBuffer map(Path file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(MapMode.READ_WRITE, 0, Long.BYTES);
        }
    }

    /** The kernels that this machine can run, by name. */
    static Map<String, Kernel> kernels() {
        Map<String, Kernel> kernels = new LinkedHashMap<>();
        for (KernelSource source : KernelSource.find()) {
            KernelProvider provider = source.provider().get();
            try {
                kernels.put(provider.name(), provider.open());
            } catch (KernelUnavailableException e) {
                System.out.println(provider.name() + " cannot run here: " + e.getMessage());
            }
        }
        return kernels;
    }
}
