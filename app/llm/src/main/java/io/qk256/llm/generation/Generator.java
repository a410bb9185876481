package io.qk256.llm.generation;

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

    private final Tokenizer tokenizer;
    private final Sequence sequence;
    private final Sampler sampler;

    /** @param sequence this object's alone from now on; the caller closes it */
    public Generator(Tokenizer tokenizer, Sequence sequence, Sampler sampler) {
        this.tokenizer = tokenizer;
        this.sequence = sequence;
        this.sampler = sampler;
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
     * @param end why there is no more
     * @param speed how long it took
     */
    public record Answer(String text, int tokens, End end, Speed speed) {}

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
        Speed speed = new Speed(added.length, promptNanos, writing.decoded, System.nanoTime() - decodeStart);
        return new Answer(writing.text.toString(), writing.tokens, end, speed);
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
                if (sequence.position() == sequence.context()) {
                    return End.CONTEXT;
                }
                if (tokens < maxTokens) {
                    logits = sequence.decode(token);
                    decoded++;
                }
            }
        }

        private void emit(String piece) {
            if (!piece.isEmpty()) {
                text.append(piece);
                out.accept(piece);
            }
        }
    }
}
