package io.qk256.app.bench;

import io.qk256.llm.generation.SpeculativeDecoder;
import io.qk256.llm.generation.TokenGuesser;
import io.qk256.llm.model.Account;
import io.qk256.llm.model.ArithmeticSpeed;
import io.qk256.llm.model.CacheType;
import io.qk256.llm.model.Engine;
import io.qk256.llm.model.EngineOptions;
import io.qk256.llm.model.Model;
import io.qk256.llm.model.ModelConfig;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.model.Skipping;
import io.qk256.llm.model.Sparsity;
import io.qk256.llm.model.Step;
import io.qk256.spi.Kernel;
import io.qk256.spi.parallel.ParallelKernel;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Measures how fast a model runs, greedily: only the most likely token is wanted. The speed does not depend on which
 * tokens the model gets, except with a screened head.
 */
public final class ModelBench {

    /** Tokens of the prompt. */
    public static final int PROMPT = 64;

    private static final int DECODED = 64;
    private static final int WARM_UP = 256;
    private static final int STRIDE = 389;
    private static final int TURNS = 5;

    private final Model model;
    private final long nanos;
    private final int[] prompt;

    /**
     * Creates measurements of a model.
     *
     * @param seconds the least time to measure prompt and decoding for, each after a warm-up of the same length
     */
    public ModelBench(Model model, double seconds) {
        this.model = model;
        this.nanos = (long) (seconds * 1e9);
        int vocabulary = model.config().vocabulary();
        this.prompt = IntStream.range(0, PROMPT).map(i -> token(i, vocabulary)).toArray();
    }

    /**
     * Measures one kernel with the given number of threads. Reading and all kinds of decoding take turns, because the speed of
     * memory changes, and the medians of their average rates count.
     *
     * @param sequences how many sequences also decode at once; 1 measures no more than one
     * @param rightGuesses the part of guesses of the next token that are right, when tokens are also decoded with
     *     guesses; empty measures none
     */
    public ModelRow measure(String name, Kernel kernel, int threads, int sequences, OptionalDouble rightGuesses) {
        EngineOptions options =
                new EngineOptions(threads, PROMPT + DECODED, Math.max(PROMPT, sequences), CacheType.F16);
        try (ParallelKernel crew = ParallelKernel.withThreads(kernel, threads);
                Arena arena = Arena.ofShared();
                Engine engine = model.engine(kernel, options);
                Sequence sequence = engine.sequence()) {
            ReadingSpeed.Meter meter = new ReadingSpeed.Meter(arena, model.bytesPerToken(), crew);
            sequence.wantBest(1);
            promptRate(sequence);
            double promptRate = promptRate(sequence);
            ScriptedGuesser guesser = new ScriptedGuesser(rightGuesses.orElse(0));
            SpeculativeDecoder decoder = new SpeculativeDecoder(sequence, guesser);
            double[] readRates = new double[TURNS];
            double[] decodeRates = new double[TURNS];
            double[] togetherRates = new double[TURNS];
            double[] guessedRates = new double[TURNS];
            for (int turn = -1; turn < TURNS; turn++) {
                long least = turn < 0 ? nanos : nanos / TURNS;
                int at = Math.max(0, turn); // The first turn is a warm-up, whose results are overwritten.
                readRates[at] = meter.rate(least);
                decodeRates[at] = decodeRate(sequence, least);
                togetherRates[at] = sequences > 1 ? togetherRate(engine, sequence, sequences, least) : decodeRates[at];
                guessedRates[at] =
                        rightGuesses.isPresent() ? guessedRate(decoder, sequence, guesser, least) : decodeRates[at];
            }
            return new ModelRow(
                    name,
                    threads,
                    model.head(),
                    promptRate,
                    Median.of(decodeRates),
                    sequences,
                    Median.of(togetherRates),
                    Median.of(guessedRates),
                    model.bytesPerToken(),
                    new ReadingSpeed(Median.of(readRates), meter.way()));
        }
    }

    /**
     * Decodes where only the most likely tokens are wanted, after a warm-up of the same length.
     *
     * @param best how many of them
     */
    public ScreenedRow screened(String name, Kernel kernel, int threads, int best) {
        EngineOptions options = new EngineOptions(threads, PROMPT + DECODED, PROMPT, CacheType.F16);
        try (Engine engine = model.engine(kernel, options);
                Sequence sequence = engine.sequence()) {
            sequence.wantBest(best);
            sequence.prompt(prompt);
            decodeRate(sequence, nanos);
            return new ScreenedRow(name, threads, best, decodeRate(sequence, nanos), engine.headReadings());
        }
    }

    /**
     * Decodes with each way of skipping, in turns, because the speed of memory changes. The first turn is a warm-up, and the
     * median of the others counts.
     */
    public SkippingRow skipping(String name, Kernel kernel, int threads) {
        EngineOptions options = new EngineOptions(threads, PROMPT + DECODED, PROMPT, CacheType.F16);
        Map<Skipping, Engine> engines = new EnumMap<>(Skipping.class);
        Map<Skipping, double[]> rates = new EnumMap<>(Skipping.class);
        try {
            for (Skipping skipping : Skipping.values()) {
                engines.put(skipping, model.engine(kernel, options.withSkipping(skipping)));
            }
            for (int turn = 0; turn <= TURNS; turn++) {
                for (Map.Entry<Skipping, Engine> each : engines.entrySet()) {
                    try (Sequence sequence = each.getValue().sequence()) {
                        sequence.wantBest(1);
                        sequence.prompt(prompt);
                        double rate = decodeRate(sequence, nanos);
                        if (turn > 0) {
                            rates.computeIfAbsent(each.getKey(), key -> new double[TURNS])[turn - 1] = rate;
                        }
                    }
                }
            }
            Sparsity sparsity =
                    Objects.requireNonNull(engines.get(Skipping.ROWS)).sparsity();
            return new SkippingRow(
                    name,
                    threads,
                    sparsity.rowDensity(),
                    sparsity.columnDensity(),
                    Median.of(Objects.requireNonNull(rates.get(Skipping.NONE))),
                    Median.of(Objects.requireNonNull(rates.get(Skipping.ROWS))),
                    Median.of(Objects.requireNonNull(rates.get(Skipping.ROWS_AND_COLUMNS))));
        } finally {
            engines.values().forEach(Engine::close);
        }
    }

    /**
     * Decodes with an engine that measures where its time goes, after a warm-up of the same length.
     *
     * @param sequences how many sequences decode at once
     */
    public ModelAccount account(String name, Kernel kernel, int threads, int sequences) {
        Account account = new Account();
        EngineOptions options =
                new EngineOptions(threads, PROMPT + DECODED, Math.max(PROMPT, sequences), CacheType.F16);
        try (Engine engine = model.engine(kernel, options, account);
                Sequence sequence = engine.sequence()) {
            sequence.wantBest(1);
            sequence.prompt(prompt);
            rate(engine, sequence, sequences);
            account.reset();
            rate(engine, sequence, sequences);
            String what = sequences == 1 ? "decode" : "decode, " + sequences + " at once";
            return new ModelAccount(what, name, threads, model.head(), account);
        }
    }

    private double rate(Engine engine, Sequence sequence, int sequences) {
        return sequences == 1 ? decodeRate(sequence, nanos) : togetherRate(engine, sequence, sequences, nanos);
    }

    /**
     * Measures a long prompt, once, after a warm-up of a shorter one.
     *
     * @param tokens the length of the prompt, 1 up to the model's context
     */
    public PromptRow prompt(String name, Kernel kernel, int threads, int tokens) {
        OptionalDouble peak;
        try (ParallelKernel crew = ParallelKernel.withThreads(kernel, threads)) {
            peak = ArithmeticSpeed.measure(crew);
        }
        Account account = new Account();
        EngineOptions options = new EngineOptions(threads, tokens, PROMPT, CacheType.F16);
        try (Engine engine = model.engine(kernel, options, account);
                Sequence sequence = engine.sequence()) {
            int[] text = IntStream.range(0, tokens)
                    .map(i -> token(i, model.config().vocabulary()))
                    .toArray();
            long start = System.nanoTime();
            do {
                sequence.rewind(0);
                sequence.prompt(Arrays.copyOf(text, Math.min(tokens, WARM_UP)));
            } while (System.nanoTime() - start < nanos);
            sequence.rewind(0);
            account.reset();
            sequence.prompt(text);
            ModelAccount row = new ModelAccount("prompt " + tokens, name, threads, model.head(), account);
            return new PromptRow(tokens, tokens * 1e9 / account.total(), multiplyAdds(tokens), peak, row);
        }
    }

    /** Of attention: each position takes part in a score and in a sum. The last layer computes only the last token. */
    private double multiplyAdds(int tokens) {
        ModelConfig config = model.config();
        double positions = (config.layers() - 1) * (tokens * (tokens + 1.0) / 2) + tokens;
        return 2.0 * config.heads() * config.headSize() * positions;
    }

    private double promptRate(Sequence sequence) {
        long start = System.nanoTime();
        long elapsed;
        long tokens = 0;
        do {
            sequence.rewind(0);
            sequence.prompt(prompt);
            tokens += PROMPT;
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return tokens * 1e9 / elapsed;
    }

    private double decodeRate(Sequence sequence, long least) {
        long start = System.nanoTime();
        long elapsed;
        int tokens = 0;
        do {
            if (sequence.position() == sequence.context()) {
                sequence.rewind(PROMPT);
            }
            sequence.decode(token(tokens, model.config().vocabulary()));
            tokens++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < least);
        return tokens * 1e9 / elapsed;
    }

    /** The tokens per second of all sequences together. Each continues the prompt; a pass has a token of each. */
    private double togetherRate(Engine engine, Sequence prompted, int count, long least) {
        prompted.rewind(PROMPT);
        List<Sequence> sequences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sequences.add(prompted.fork());
        }
        step(engine, sequences, 0); // Not measured: each sequence gets its own copy of the last page of the prompt.
        long start = System.nanoTime();
        long elapsed;
        long tokens = 0;
        do {
            tokens += count;
            step(engine, sequences, tokens);
            elapsed = System.nanoTime() - start;
        } while (elapsed < least);
        sequences.forEach(Sequence::close);
        return tokens * 1e9 / elapsed;
    }

    private void step(Engine engine, List<Sequence> sequences, long first) {
        int vocabulary = model.config().vocabulary();
        List<Step> steps = new ArrayList<>();
        for (Sequence sequence : sequences) {
            if (sequence.position() == sequence.context()) {
                sequence.rewind(PROMPT);
            }
            steps.add(sequence.next(token((int) ((first + steps.size()) % vocabulary), vocabulary)));
        }
        engine.step(steps);
    }

    /**
     * @param decoder the same in all turns, because at first it does not know how many guesses pay
     */
    private double guessedRate(SpeculativeDecoder decoder, Sequence sequence, ScriptedGuesser guesser, long least) {
        sequence.rewind(PROMPT);
        decoder.start(prompt);
        int vocabulary = model.config().vocabulary();
        long start = System.nanoTime();
        long elapsed;
        int tokens = 0;
        do {
            if (decoder.position() == sequence.context()) {
                decoder.finish();
                sequence.rewind(PROMPT);
            }
            decoder.decode(token(guesser.next, vocabulary), Integer.MAX_VALUE);
            tokens++;
            elapsed = System.nanoTime() - start;
        } while (elapsed < least);
        decoder.finish();
        return tokens * 1e9 / elapsed;
    }

    /** Knows the next tokens, and guesses each right with a given probability. */
    private final class ScriptedGuesser implements TokenGuesser {

        private final SplittableRandom random = new SplittableRandom(1);
        private final double right;
        private int next;

        ScriptedGuesser(double right) {
            this.right = right;
        }

        @Override
        public void start(int[] text) {
            next = 0;
        }

        @Override
        public void accept(int token) {
            next++;
        }

        @Override
        public int guess(int[] out, int at, int most) {
            int vocabulary = model.config().vocabulary();
            for (int i = 0; i < most; i++) {
                int wrong = random.nextDouble() < right ? 0 : 1;
                out[at + i] = token(next + i + wrong, vocabulary);
            }
            return most;
        }
    }

    private static int token(int i, int vocabulary) {
        return (int) ((long) i * STRIDE % vocabulary);
    }
}
