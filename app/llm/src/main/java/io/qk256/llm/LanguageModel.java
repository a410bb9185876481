package io.qk256.llm;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.generation.Generator;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.generation.Sampler;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.ModelConfig;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.ChatMessage;
import io.qk256.llm.text.ChatTemplate;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.Kernel;
import io.qk256.spi.selection.CpuFeatures;
import io.qk256.spi.selection.Jvm;
import io.qk256.spi.selection.KernelSelector;
import io.qk256.spi.selection.KernelSource;
import io.qk256.spi.selection.Selection;
import io.qk256.spi.selection.SelectionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/**
 * A model that is ready to write: the weights, the tokenizer and the chat template of one file. Immutable and thread-safe; any
 * number of engines may use it at once, each by one thread at a time.
 */
public final class LanguageModel implements AutoCloseable {

    private final GgufFile file;
    private final Model model;
    private final Tokenizer tokenizer;

    private LanguageModel(GgufFile file, Model model, Tokenizer tokenizer) {
        this.file = file;
        this.model = model;
        this.tokenizer = tokenizer;
    }

    /**
     * Opens and loads a model, with all processors.
     *
     * @param path a GGUF file, which must not change as long as the model is used
     * @throws GgufException if it is damaged, or of a model that is not computed here
     * @throws IOException if it cannot be read
     */
    public static LanguageModel open(Path path) throws IOException {
        return open(path, LoadOptions.usual());
    }

    /**
     * Opens and loads a model, with all processors.
     *
     * @param path a GGUF file, which must not change as long as the model is used
     * @throws GgufException if it is damaged, or of a model that is not computed here
     * @throws IOException if it cannot be read
     */
    public static LanguageModel open(Path path, LoadOptions options) throws IOException {
        return of(WeightFile.open(path), options);
    }

    /**
     * Loads a model from a file that is open, with all processors.
     *
     * @param file becomes the model's own, which closes it, here too if the model cannot be loaded
     * @throws GgufException if it is damaged, or of a model that is not computed here
     */
    public static LanguageModel of(GgufFile file, LoadOptions options) throws IOException {
        FutureTask<Tokenizer> reading = new FutureTask<>(() -> Tokenizer.of(file));
        Thread reader = Thread.ofPlatform().daemon().name("qk256-tokenizer").start(reading);
        try {
            Model model = Model.load(file, options.head(), options.listener());
            try {
                end(reader);
                Tokenizer tokenizer = result(reading);
                requireSize(file, tokenizer, model.config());
                return new LanguageModel(file, model, tokenizer);
            } catch (IOException | RuntimeException | Error e) {
                model.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            end(reader);
            file.close();
            throw e;
        }
    }

    private static void requireSize(GgufFile file, Tokenizer tokenizer, ModelConfig config) throws GgufException {
        if (tokenizer.vocabularySize() != config.vocabulary()) {
            throw new GgufException(file.name() + ": the tokenizer has " + tokenizer.vocabularySize()
                    + " tokens, expected " + config.vocabulary()
                    + ", a row of the embedding for each; the file is damaged");
        }
    }

    private static Tokenizer result(FutureTask<Tokenizer> done) throws IOException {
        if (done.state() == Future.State.SUCCESS) {
            return done.resultNow();
        }
        Throwable thrown = done.exceptionNow();
        if (thrown instanceof IOException cause) {
            throw cause;
        }
        if (thrown instanceof RuntimeException cause) {
            throw cause;
        }
        if (thrown instanceof Error cause) {
            throw cause;
        }
        throw new IllegalStateException(thrown);
    }

    /** It reads the file, which must not be closed under it, and ends soon; an interrupt is kept for the caller. */
    private static void end(Thread reader) {
        boolean interrupted = false;
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Threads and buffers to compute with, on the fastest of the kernels that this JVM finds and that this machine can run.
     *
     * @throws IllegalStateException if there is no such kernel, the model is closed, or the system does not give so many threads
     */
    public Engine engine(EngineOptions options) {
        Selection selection = KernelSelector.selectFirst(
                KernelSource.find(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
        return engine(selection.kernel(), options);
    }

    /**
     * Threads and buffers to compute with.
     *
     * @param kernel multiplies the ternary weights
     * @throws IllegalStateException if the model is closed, or the system does not give so many threads
     */
    public Engine engine(Kernel kernel, EngineOptions options) {
        return model.engine(kernel, options);
    }

    /**
     * Continues a text.
     *
     * @param engine of this model
     * @param prompt what the text begins with; not a part of the answer
     * @param out receives the text, piece by piece
     */
    public Answer generate(Engine engine, String prompt, GenerationOptions options, Consumer<String> out) {
        return write(engine, tokenizer.encode(prompt, tokenizer.addsBeginOfText(), false), options, out);
    }

    /**
     * Answers a conversation.
     *
     * @param engine of this model
     * @param messages what was said so far; the last one is to be answered
     * @param out receives the answer, piece by piece
     */
    public Answer answer(Engine engine, List<ChatMessage> messages, GenerationOptions options, Consumer<String> out) {
        return write(engine, template().encode(messages), options, out);
    }

    private Answer write(Engine engine, int[] prompt, GenerationOptions options, Consumer<String> out) {
        try (Sequence sequence = engine.sequence()) {
            Sampler sampler = new Sampler(options.sampling(), tokenizer.vocabularySize());
            return new Generator(tokenizer, sequence, sampler, options.whenFull())
                    .generate(prompt, options.maxTokens(), () -> false, out);
        }
    }

    /** The weights, for those who compute logits themselves. */
    public Model weights() {
        return model;
    }

    /** The shape. */
    public ModelConfig config() {
        return model.config();
    }

    /** Text to tokens and back. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** How a conversation is written for this model. */
    public ChatTemplate template() {
        return ChatTemplate.of(tokenizer);
    }

    /**
     * Frees the weights and closes the file. Closing again does nothing.
     *
     * @throws IllegalStateException if an engine is open; nothing is closed then
     */
    @Override
    public void close() {
        model.close();
        file.close();
    }
}
