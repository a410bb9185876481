package io.qk256.llm.serving;

import io.qk256.llm.generation.GenerationOptions.WhenFull;
import io.qk256.llm.generation.SamplingOptions;
import io.qk256.llm.generation.TokenConstraint;
import io.qk256.spi.support.UserError;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A text to continue.
 *
 * @param prompt one or more tokens
 * @param maxTokens the most tokens of the completion, 0 or more
 * @param sampling how tokens are chosen
 * @param stop strings that end the completion, in whatever tokens they are written; the text ends before them
 * @param logprobs how many of the most likely tokens are reported for each place, 0 to {@value #MAX_LOGPROBS}; 0
 *     reports the chosen token only, {@link #NO_LOGPROBS} nothing
 * @param constraint what the completion must look like; used by this request alone
 * @param whenFull what to do when the context is full
 * @param timeout the most time from submission to the end; zero for no limit
 * @param queueTimeout the most time in the queue; zero for no limit
 * @param key who asks: requests of different keys take turns, requests of one key are started in order of arrival
 */
@SuppressWarnings({
    "ArrayRecordComponent", // Copied here, read by one request, never compared.
    "exports" // Annotations are for the compiler only.
})
public record CompletionRequest(
        int[] prompt,
        int maxTokens,
        SamplingOptions sampling,
        List<String> stop,
        int logprobs,
        Optional<TokenConstraint> constraint,
        WhenFull whenFull,
        Duration timeout,
        Duration queueTimeout,
        String key) {

    /** The largest number of most likely tokens. */
    public static final int MAX_LOGPROBS = 20;

    /** No log probabilities. */
    public static final int NO_LOGPROBS = -1;

    /**
     * Keeps copies.
     *
     * @throws UserError if a value is out of range
     */
    public CompletionRequest {
        prompt = prompt.clone();
        stop = List.copyOf(stop);
        require(prompt.length > 0, "the prompt has 0 tokens, expected 1 or more");
        require(maxTokens >= 0, "maximum number of tokens is " + maxTokens + ", expected 0 or more");
        require(stop.stream().noneMatch(String::isEmpty), "a stop string is empty, expected 1 character or more");
        require(
                logprobs >= NO_LOGPROBS && logprobs <= MAX_LOGPROBS,
                "logprobs is " + logprobs + ", expected 0 to " + MAX_LOGPROBS);
        require(!timeout.isNegative(), "timeout is " + timeout + ", expected zero (no limit) or more");
        require(!queueTimeout.isNegative(), "timeout is " + queueTimeout + ", expected zero (no limit) or more");
    }

    /** The defaults: always the most likely token, until the model ends the text or the context is full. */
    public static CompletionRequest of(int... prompt) {
        return new CompletionRequest(
                prompt,
                Integer.MAX_VALUE,
                SamplingOptions.greedy(),
                List.of(),
                NO_LOGPROBS,
                Optional.empty(),
                WhenFull.STOP,
                Duration.ZERO,
                Duration.ZERO,
                "");
    }

    /** The same with another maximum number of tokens. */
    public CompletionRequest withMaxTokens(int tokens) {
        return new CompletionRequest(
                prompt, tokens, sampling, stop, logprobs, constraint, whenFull, timeout, queueTimeout, key);
    }

    /** The same with other sampling options. */
    public CompletionRequest withSampling(SamplingOptions other) {
        return new CompletionRequest(
                prompt, maxTokens, other, stop, logprobs, constraint, whenFull, timeout, queueTimeout, key);
    }

    /** The same with other stop strings. */
    public CompletionRequest withStop(List<String> strings) {
        return new CompletionRequest(
                prompt, maxTokens, sampling, strings, logprobs, constraint, whenFull, timeout, queueTimeout, key);
    }

    /** The same with another number of most likely tokens to report. */
    public CompletionRequest withLogprobs(int top) {
        return new CompletionRequest(
                prompt, maxTokens, sampling, stop, top, constraint, whenFull, timeout, queueTimeout, key);
    }

    /** The same with a constraint. */
    public CompletionRequest withConstraint(TokenConstraint other) {
        return new CompletionRequest(
                prompt, maxTokens, sampling, stop, logprobs, Optional.of(other), whenFull, timeout, queueTimeout, key);
    }

    /** The same with another choice for a full context. */
    public CompletionRequest withWhenFull(WhenFull other) {
        return new CompletionRequest(
                prompt, maxTokens, sampling, stop, logprobs, constraint, other, timeout, queueTimeout, key);
    }

    /** The same with another time limit. */
    public CompletionRequest withTimeout(Duration time) {
        return new CompletionRequest(
                prompt, maxTokens, sampling, stop, logprobs, constraint, whenFull, time, queueTimeout, key);
    }

    /** The same with another time limit in the queue. */
    public CompletionRequest withQueueTimeout(Duration time) {
        return new CompletionRequest(
                prompt, maxTokens, sampling, stop, logprobs, constraint, whenFull, timeout, time, key);
    }

    /** The same with another key. */
    public CompletionRequest withKey(String who) {
        return new CompletionRequest(
                prompt, maxTokens, sampling, stop, logprobs, constraint, whenFull, timeout, queueTimeout, who);
    }

    /** A copy of the prompt. */
    @Override
    public int[] prompt() {
        return prompt.clone();
    }

    private static void require(boolean fits, String message) {
        if (!fits) {
            throw new UserError(message);
        }
    }
}
