package com.example.spark;

import io.qk256.llm.LanguageModel;
import io.qk256.llm.LoadOptions;
import io.qk256.spi.Kernel;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Iterator;

/**
 * Computes rows. A result depends on its row and the options alone, not on other rows, their order, or how often it was tried.
 * Thread-safe: the tasks of an executor share one. Knows nothing of Spark.
 */
abstract class RowEngine implements AutoCloseable {

    private static final int PIECE = 1 << 20;

    private static Options sharedOptions;
    private static RowEngine shared;

    /** The model and the kernel that all rows use. */
    record Loaded(LanguageModel model, Kernel kernel, String kernelName, String hash) {

        Result failed(InputRow row, String error) {
            return new Result(row.key(), null, 0, null, null, kernelName, hash, error);
        }
    }

    final Loaded loaded;

    RowEngine(Loaded loaded) {
        this.loaded = loaded;
    }

    /**
     * Computes rows as results are asked for.
     *
     * @param rows asked by one thread
     * @return one result for each row, in order; a row that cannot be computed is one with an error
     */
    abstract Iterator<Result> results(Iterator<InputRow> rows);

    /** Returns the engine of this JVM. It is opened by the first call, which may take seconds, and never closed. */
    static synchronized RowEngine shared(Options options) throws IOException {
        if (shared == null || !options.equals(sharedOptions)) {
            if (shared != null) {
                shared.close();
                shared = null;
            }
            shared = open(options);
            sharedOptions = options;
        }
        return shared;
    }

    /**
     * Loads the model and starts the threads.
     *
     * @throws IOException if the model cannot be loaded
     */
    static RowEngine open(Options options) throws IOException {
        Path path = Path.of(options.model());
        if (!Files.isRegularFile(path)) {
            throw new IOException(path + ": no such model on this node; put it at this path on every node, or send it with"
                    + " --files and give its name alone");
        }
        String hash = sha256(path);
        LoadOptions how = options.mapped() ? LoadOptions.usual().withMappedWeights() : LoadOptions.usual();
        LanguageModel model = LanguageModel.open(path, how);
        try {
            Selection selection = KernelSelector.selectFirst(
                    KernelSource.find(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
            Loaded loaded = new Loaded(
                    model, selection.kernel(), selection.selected().orElseThrow().name(), hash);
            return switch (options.mode()) {
                case GENERATE -> new Continuations(loaded, options);
                case SCORE -> new Scores(loaded, options);
                case EMBED -> new Vectors(loaded, options);
            };
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static String sha256(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] piece = new byte[PIECE];
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                digest.update(piece, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** Ends the threads and frees the model. */
    @Override
    public void close() {
        loaded.model().close();
    }
}
