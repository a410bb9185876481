package io.qk256.llm.generation;

import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.StreamDecoder;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Writes: tokens in, text out as it comes. What a prompt has in common with the tokens before it, such as the turns of a
 * conversation so far, is not computed again. Not thread-safe.
 */
public final class Generator {

    /** Half of less is nothing to go on with. */
    private static final int LEAST_TO_FORGET = 8;

    private final Tokenizer tokenizer;
    private final Sequence sequence;
    private final Sampler sampler;
    private final WhenFull whenFull;

    /**
     * Writes until the context is full.
     *
     * @param sequence this object's alone from now on; the caller closes it
     */
    public Generator(Tokenizer tokenizer, Sequence sequence, Sampler sampler) {
        this(tokenizer, sequence, sampler, WhenFull.STOP);
    }

    /**
     * Writes.
     *
     * @param sequence this object's alone from now on; the caller closes it
     * @param whenFull what happens when no more tokens fit the context
     */
    public Generator(Tokenizer tokenizer, Sequence sequence, Sampler sampler, WhenFull whenFull) {
        this.tokenizer = tokenizer;
        this.sequence = sequence;
        this.sampler = sampler;
        this.whenFull = whenFull;
    }

    /** Why an answer ended. */
    public enum End {
        /** The model ended it. */
        COMPLETE,
        /** It has as many tokens as were asked for. */
        LIMIT,
        /** No more tokens fit the context. */
        CONTEXT,
        /** The user stopped it. */
        STOPPED
    }

    /**
     * What was written.
     *
     * @param text all of it; the prompt is no part of it
     * @param tokens how many it has
     * @param forgotten how many tokens, of the prompt first, were forgotten to make room
     * @param end why there is no more
     * @param speed how long it took
     */
    public record Answer(String text, int tokens, int forgotten, End end, GenerationSpeed speed) {}

    /**
     * Continues a prompt.
     *
     * @param prompt one or more tokens
     * @param maxTokens how many to write at most
     * @param stop asked before each token whether to stop
     * @param out receives the text, piece by piece
     * @throws UserError if the prompt is empty or longer than the context
     */
    public Answer generate(int[] prompt, int maxTokens, BooleanSupplier stop, Consumer<String> out) {
        requireFitting(prompt);
        int known = rewindToCommon(prompt);
        Arrays.stream(prompt).forEach(sampler::accept);
        int[] added = Arrays.copyOfRange(prompt, known, prompt.length);
        long start = System.nanoTime();
        float[] logits = sequence.prompt(added);
        long promptNanos = System.nanoTime() - start;
        Writing writing = new Writing(maxTokens, stop, out);
        long decodeStart = System.nanoTime();
        End end = writing.run(logits);
        GenerationSpeed speed =
                new GenerationSpeed(added.length, promptNanos, writing.decoded, System.nanoTime() - decodeStart);
        return new Answer(writing.text.toString(), writing.tokens, writing.forgotten, end, speed);
    }

    /**
     * Checks a prompt without reading it.
     *
     * @throws UserError if it has no token, or more than the context holds
     */
    public void requireFitting(int[] prompt) {
        if (prompt.length < 1 || prompt.length > sequence.context()) {
            throw new UserError("the prompt has " + prompt.length + " tokens, expected 1 to " + sequence.context()
                    + ", the context; shorten it");
        }
    }

    /** At least the prompt's last token is computed again: logits come only with a token. */
    private int rewindToCommon(int[] prompt) {
        int common = Math.min(sequence.commonWith(prompt), prompt.length - 1);
        sequence.rewind(common);
        return common;
    }

    /** One answer in the making. */
    private final class Writing {

        private final int maxTokens;
        private final BooleanSupplier stop;
        private final Consumer<String> out;
        private final StreamDecoder decoder = new StreamDecoder(tokenizer);
        private final StringBuilder text = new StringBuilder();
        private int tokens;
        private int forgotten;
        private int decoded;

        Writing(int maxTokens, BooleanSupplier stop, Consumer<String> out) {
            this.maxTokens = maxTokens;
            this.stop = stop;
            this.out = out;
        }

        End run(float[] promptLogits) {
            End end = write(promptLogits);
            emit(decoder.finish());
            return end;
        }

        private End write(float[] promptLogits) {
            float[] logits = promptLogits;
            while (true) {
                if (tokens == maxTokens) {
                    return End.LIMIT;
                }
                if (stop.getAsBoolean()) {
                    return End.STOPPED;
                }
                int token = sampler.sample(logits);
                if (tokenizer.isStop(token)) {
                    return End.COMPLETE;
                }
                sampler.accept(token);
                tokens++;
                emit(decoder.accept(token));
                boolean full = sequence.position() == sequence.context();
                if (full && (whenFull == WhenFull.STOP || sequence.context() < LEAST_TO_FORGET)) {
                    return End.CONTEXT;
                }
                if (tokens < maxTokens) {
                    logits = full ? forgetAndAdd(token) : sequence.decode(token);
                    decoded++;
                }
            }
        }

        /** Positions are a part of the keys, so what is kept is computed again at its new place. */
        private float[] forgetAndAdd(int token) {
            int[] all = sequence.tokens();
            int kept = all.length / 2 - 1;
            int[] rest = Arrays.copyOfRange(all, all.length - kept, all.length + 1);
            rest[kept] = token;
            forgotten += all.length - 1 - kept;
            sequence.rewind(1);
            return sequence.prompt(rest);
        }

        private void emit(String piece) {
            if (!piece.isEmpty()) {
                text.append(piece);
                out.accept(piece);
            }
        }
    }
}
