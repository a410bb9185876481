package io.qk256.llm.generation;

import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.model.Sequence;
import io.qk256.llm.text.StreamDecoder;
import io.qk256.llm.text.Tokenizer;
import io.qk256.spi.support.UserError;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Generates text: takes the tokens of a prompt and emits text as it is generated. The prefix that a prompt shares with
 * the tokens already in the sequence, such as earlier turns of a conversation, is not computed again. Not thread-safe.
 */
public final class Generator {

    /** In a smaller context, the half that is kept is too short to continue from. */
    private static final int LEAST_TO_FORGET = 8;

    private final Tokenizer tokenizer;
    private final Sequence sequence;
    private final Sampler sampler;
    private final WhenFull whenFull;
    private final Optional<SpeculativeDecoder> speculation;

    /**
     * Creates a generator that stops when the context is full.
     *
     * @param sequence the sequence, for this generator's use only from now on; the caller closes it
     */
    public Generator(Tokenizer tokenizer, Sequence sequence, Sampler sampler) {
        this(tokenizer, sequence, sampler, WhenFull.STOP, Optional.empty());
    }

    /**
     * Creates a generator.
     *
     * @param sequence the sequence, for this generator's use only from now on; the caller closes it
     * @param whenFull what to do when the context is full
     * @param speculation decodes this sequence with guesses, which changes the speed and not the text; empty decodes
     *     token by token
     */
    public Generator(
            Tokenizer tokenizer,
            Sequence sequence,
            Sampler sampler,
            WhenFull whenFull,
            Optional<SpeculativeDecoder> speculation) {
        this.tokenizer = tokenizer;
        this.sequence = sequence;
        this.sampler = sampler;
        this.whenFull = whenFull;
        this.speculation = speculation;
    }

    /** Why an answer ended. */
    public enum End {
        /** The model ended it. */
        COMPLETE,
        /** It reached the maximum number of tokens. */
        LIMIT,
        /** The context is full. */
        CONTEXT,
        /** The user stopped it. */
        STOPPED,
        /** The constraint allows no token that the model can choose, nor the end: the text is not complete. */
        CUT
    }

    /**
     * A generated answer.
     *
     * @param text the whole text, without the prompt
     * @param tokens number of tokens in it
     * @param forgotten number of tokens forgotten to make room, those of the prompt first
     * @param end why it ended
     * @param speed how long it took
     */
    public record Answer(String text, int tokens, int forgotten, End end, GenerationSpeed speed) {}

    /**
     * Continues a prompt.
     *
     * @param prompt one or more tokens
     * @param maxTokens maximum number of tokens to generate
     * @param stop called before each token; true stops
     * @param out receives the text, piece by piece
     * @throws UserError if the prompt is empty or longer than the context
     */
    public Answer generate(int[] prompt, int maxTokens, BooleanSupplier stop, Consumer<String> out) {
        return generate(prompt, maxTokens, Optional.empty(), stop, out);
    }

    /**
     * Continues a prompt with a text that keeps a form. Unless the answer ends with {@link End#COMPLETE}, the form may
     * be incomplete.
     *
     * @param prompt one or more tokens
     * @param maxTokens maximum number of tokens to generate
     * @param form what the text must look like, without the prompt; not used before
     * @param stop called before each token; true stops
     * @param out receives the text, piece by piece
     * @throws UserError if the prompt is empty or longer than the context
     */
    public Answer generate(
            int[] prompt, int maxTokens, Optional<TokenConstraint> form, BooleanSupplier stop, Consumer<String> out) {
        requireFitting(prompt);
        speculation.ifPresent(SpeculativeDecoder::finish);
        int known = rewindToCommon(prompt);
        Arrays.stream(prompt).forEach(sampler::acceptPrompt);
        int[] added = Arrays.copyOfRange(prompt, known, prompt.length);
        long start = System.nanoTime();
        wantNeeded(form);
        float[] logits = sequence.prompt(added);
        long promptNanos = System.nanoTime() - start;
        speculation.ifPresent(decoder -> decoder.start(prompt));
        int tried = speculation.map(SpeculativeDecoder::tried).orElse(0);
        int right = speculation.map(SpeculativeDecoder::right).orElse(0);
        boolean forgets = whenFull == WhenFull.FORGET_OLDEST && sequence.context() >= LEAST_TO_FORGET;
        int room = forgets ? Integer.MAX_VALUE : sequence.context() - prompt.length;
        Writing writing = new Writing(maxTokens, room, form, stop, out);
        long decodeStart = System.nanoTime();
        End end = writing.run(logits);
        speculation.ifPresent(SpeculativeDecoder::finish);
        GenerationSpeed speed = new GenerationSpeed(
                added.length,
                promptNanos,
                writing.decoded,
                System.nanoTime() - decodeStart,
                speculation.map(SpeculativeDecoder::tried).orElse(0) - tried,
                speculation.map(SpeculativeDecoder::right).orElse(0) - right);
        return new Answer(writing.text.toString(), writing.tokens, writing.forgotten, end, speed);
    }

    /**
     * Checks a prompt without computing it.
     *
     * @throws UserError if it has no tokens, or more than the context holds
     */
    public void requireFitting(int[] prompt) {
        if (prompt.length < 1 || prompt.length > sequence.context()) {
            throw new UserError("the prompt has " + prompt.length + " tokens, expected 1 to " + sequence.context()
                    + ", the context; shorten it");
        }
    }

    /** Says which logits the next choice needs. */
    private void wantNeeded(Optional<TokenConstraint> form) {
        sequence.wantBest(form.isPresent() ? 0 : sampler.tokensNeeded());
    }

    /** Recomputes at least the last token of the prompt, because only computing a token gives logits. */
    private int rewindToCommon(int[] prompt) {
        int common = Math.min(sequence.commonWith(prompt), prompt.length - 1);
        sequence.rewind(common);
        return common;
    }

    /** The answer being generated. */
    private final class Writing {

        private final int maxTokens;

        /** The most tokens that fit in the context. */
        private final int room;

        private final Optional<TokenConstraint> form;
        private final BitSet stops = new BitSet();
        private final BooleanSupplier stop;
        private final Consumer<String> out;
        private final StreamDecoder decoder = new StreamDecoder(tokenizer);
        private final StringBuilder text = new StringBuilder();
        private int tokens;
        private int forgotten;
        private int decoded;

        Writing(int maxTokens, int room, Optional<TokenConstraint> form, BooleanSupplier stop, Consumer<String> out) {
            this.maxTokens = maxTokens;
            this.room = room;
            this.form = form;
            if (form.isPresent()) {
                for (int token = 0; token < tokenizer.vocabularySize(); token++) {
                    stops.set(token, tokenizer.isStop(token));
                }
            }
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
                if (tokens == room) {
                    return End.CONTEXT;
                }
                if (stop.getAsBoolean()) {
                    return End.STOPPED;
                }
                if (form.isPresent()
                        && form.get().mayEnd()
                        && form.get().allowed().isEmpty()) {
                    return End.COMPLETE;
                }
                OptionalInt chosen = choose(logits);
                if (chosen.isEmpty()) {
                    return End.CUT;
                }
                int token = chosen.getAsInt();
                if (tokenizer.isStop(token)) {
                    return End.COMPLETE;
                }
                form.ifPresent(constraint -> constraint.accept(token));
                sampler.accept(token);
                tokens++;
                emit(decoder.accept(token));
                if (tokens < Math.min(maxTokens, room)) {
                    wantNeeded(form);
                    logits = position() == sequence.context() ? forgetAndAdd(token) : decode(token);
                    decoded++;
                }
            }
        }

        private OptionalInt choose(float[] logits) {
            if (form.isEmpty()) {
                return OptionalInt.of(sampler.sample(logits));
            }
            BitSet choices = (BitSet) form.get().allowed().clone();
            if (form.get().mayEnd()) {
                choices.or(stops);
            } else {
                choices.andNot(stops);
            }
            return sampler.sample(logits, choices);
        }

        private int position() {
            return speculation.map(SpeculativeDecoder::position).orElseGet(sequence::position);
        }

        private float[] decode(int token) {
            return speculation
                    .map(decoder -> decoder.decode(token, Math.min(maxTokens, room) - tokens))
                    .orElseGet(() -> sequence.decode(token));
        }

        /** Keys depend on positions, so the tokens that are kept are computed again at their new positions. */
        private float[] forgetAndAdd(int token) {
            int[] all = sequence.tokens();
            int kept = all.length / 2 - 1;
            int[] rest = Arrays.copyOfRange(all, all.length - kept, all.length + 1);
            rest[kept] = token;
            forgotten += all.length - 1 - kept;
            sequence.rewind(1);
            float[] logits = sequence.prompt(rest);
            speculation.ifPresent(decoder -> decoder.start(sequence.tokens()));
            return logits;
        }

        private void emit(String piece) {
            if (!piece.isEmpty()) {
                text.append(piece);
                out.accept(piece);
            }
        }
    }
}
