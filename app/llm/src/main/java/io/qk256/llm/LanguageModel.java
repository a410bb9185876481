package io.qk256.llm;

import io.qk256.gguf.GgufException;
import io.qk256.gguf.GgufFile;
import io.qk256.gguf.layout.WeightFile;
import io.qk256.llm.generation.GenerationOptions;
import io.qk256.llm.generation.Generator;
import io.qk256.llm.generation.Generator.Answer;
import io.qk256.llm.generation.LookupGuesser;
import io.qk256.llm.generation.Sampler;
import io.qk256.llm.generation.SpeculativeDecoder;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.ModelConfig;
import io.qk256.llm.model.Pooling;
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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/**
 * A model ready to generate text, or vectors of texts: the weights, the tokenizer and the chat template of one file. Immutable and
 * thread-safe. Any number of engines may use it at once, each by one thread at a time.
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
     * Opens and loads a model, using all processors.
     *
     * @param path a GGUF file, which must not change while the model is in use
     * @throws GgufException if the file is damaged, or the model is not supported
     * @throws IOException if the file cannot be read
     */
    public static LanguageModel open(Path path) throws IOException {
        return open(path, LoadOptions.usual());
    }

    /**
     * Opens and loads a model, using all processors.
     *
     * @param path a GGUF file, which must not change while the model is in use
     * @throws GgufException if the file is damaged, or the model is not supported
     * @throws IOException if the file cannot be read
     */
    public static LanguageModel open(Path path, LoadOptions options) throws IOException {
        return of(WeightFile.open(path), options);
    }

    /**
     * Loads a model from an open file, using all processors.
     *
     * @param file the file; the model takes ownership and closes it, also if loading fails
     * @throws GgufException if the file is damaged, or the model is not supported
     */
    public static LanguageModel of(GgufFile file, LoadOptions options) throws IOException {
        FutureTask<Tokenizer> reading = new FutureTask<>(() -> tokenizer(file, options));
        Thread reader = Thread.ofPlatform().daemon().name("qk256-tokenizer").start(reading);
        try {
            Model model = options.mapped()
                    ? Model.loadMapped(file, options.listener())
                    : Model.load(file, options.head(), options.listener());
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

    private static Tokenizer tokenizer(GgufFile file, LoadOptions options) throws IOException {
        Tokenizer tokenizer = Tokenizer.of(file);
        return options.nfc() ? tokenizer.withNfc() : tokenizer;
    }

    private static void requireSize(GgufFile file, Tokenizer tokenizer, ModelConfig config) throws GgufException {
        if (tokenizer.vocabularySize() != config.vocabulary()) {
            throw new GgufException(file.name() + ": the tokenizer has " + tokenizer.vocabularySize()
                    + " tokens, expected " + config.vocabulary()
                    + ", one per row of the embedding; the file is damaged");
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

    /**
     * Waits for the reader, because the file must not be closed while it reads. An interrupt is kept for the caller.
     */
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
     * Creates an engine (threads and buffers) on the fastest kernel that this JVM finds and this machine supports.
     *
     * @throws IllegalStateException if there is no such kernel, the model is closed, or the system cannot create that
     *     many threads
     */
    public Engine engine(EngineOptions options) {
        Selection selection = KernelSelector.selectFirst(
                KernelSource.find(), CpuFeatures.unknown(), Jvm.current(), SelectionOptions.NONE);
        return engine(selection.kernel(), options);
    }

    /**
     * Creates an engine (threads and buffers) on a kernel.
     *
     * @param kernel the kernel that multiplies the ternary weights
     * @throws IllegalStateException if the model is closed, or the system cannot create that many threads
     */
    public Engine engine(Kernel kernel, EngineOptions options) {
        return model.engine(kernel, options);
    }

    /**
     * Continues a text.
     *
     * @param engine an engine of this model
     * @param prompt the start of the text; not part of the answer
     * @param out receives the text, piece by piece
     */
    public Answer generate(Engine engine, String prompt, GenerationOptions options, Consumer<String> out) {
        return write(engine, tokenizer.encode(prompt, tokenizer.addsBeginOfText(), false), options, out);
    }

    /**
     * Answers a conversation.
     *
     * @param engine an engine of this model
     * @param messages the conversation so far; the answer is to the last message
     * @param out receives the answer, piece by piece
     * @throws io.qk256.spi.support.UserError if the file's chat template cannot be run here or refuses the messages
     */
    public Answer answer(Engine engine, List<ChatMessage> messages, GenerationOptions options, Consumer<String> out) {
        return answer(engine, template(), messages, options, out);
    }

    /**
     * Answers a conversation that is written by a certain template.
     *
     * @param engine of this model
     * @param template with the tokenizer of this model
     * @param messages what was said so far; the last one is to be answered
     * @param out receives the answer, piece by piece
     * @throws io.qk256.spi.support.UserError if the template cannot be run here or refuses the messages
     */
    public Answer answer(
            Engine engine,
            ChatTemplate template,
            List<ChatMessage> messages,
            GenerationOptions options,
            Consumer<String> out) {
        return write(engine, template.encode(messages), options, out);
    }

    private Answer write(Engine engine, int[] prompt, GenerationOptions options, Consumer<String> out) {
        try (Sequence sequence = engine.sequence()) {
            Sampler sampler = new Sampler(options.sampling(), tokenizer.vocabularySize());
            Optional<SpeculativeDecoder> speculation =
                    options.lookup() ? Optional.of(LookupGuesser.decoder(sequence)) : Optional.empty();
            return new Generator(tokenizer, sequence, sampler, options.whenFull(), speculation)
                    .generate(prompt, options.maxTokens(), () -> false, out);
        }
    }

    /**
     * Computes a vector for each text, of length 1, so that the sum of products of two vectors is their cosine.
     *
     * @param engine an engine of this model
     * @param texts each with one token or more
     * @param pooling how the states of a text's tokens become one vector; {@link ModelConfig#pooling} is what the file
     *     says
     * @return one vector per text, each with as many numbers as the model is wide
     * @throws IllegalArgumentException if a text has no tokens or too many, or the pooling is
     *     {@link Pooling#NONE}
     */
    public float[][] embed(Engine engine, List<String> texts, Pooling pooling) {
        return engine.embed(texts.stream().map(this::tokensToEmbed).toList(), pooling);
    }

    /** Encodes a complete text, with the tokens that begin and end it if the model expects them. */
    public int[] tokensToEmbed(String text) {
        int[] tokens = tokenizer.encode(text, tokenizer.addsBeginOfText(), false);
        if (tokenizer.addsEndOfText()) {
            tokens = Arrays.copyOf(tokens, tokens.length + 1);
            tokens[tokens.length - 1] = tokenizer.endOfText();
        }
        return tokens;
    }

    /** The weights, for programs that compute logits themselves. */
    public Model weights() {
        return model;
    }

    /** The shape of the model. */
    public ModelConfig config() {
        return model.config();
    }

    /** The tokenizer: text to tokens and back. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * Returns the chat template: how a conversation is encoded for this model.
     *
     * @throws io.qk256.spi.support.UserError if the file has a chat template that cannot be run here
     */
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
